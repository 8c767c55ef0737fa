import { KEY_DOCUMENT_PATH } from '../../../protocol/endpoints.ts';
import type { KeyDocument } from '../../../protocol/key-document.ts';
import { keyTxtName, srvName } from '../../../protocol/key-txt.ts';
import { MAX_KEY_DOCUMENT_BYTES } from '../../../protocol/limits.ts';
import type { Clock } from '../../domain/ports.ts';
import { HTTPS_PORT } from '../../federation/discovery/peer-connector.ts';
import { createStrictEd25519 } from '../../federation/keys/strict-ed25519.ts';
import { ask } from '../doctor/ask.ts';
import { diagnoseDocument } from '../doctor/diagnose-document.ts';
import type { Network } from '../../network.ts';
import { compareKeys } from './compare-keys.ts';
import { compareSrv } from './compare-srv.ts';
import type { Difference } from './difference.ts';
import type { Publication } from './expected-records.ts';

/** Looks up what the world sees now and lists how it differs from what is to be published. @see docs/protocol.md [DISC-1] [KEY-4] */
export async function checkRecords(publication: Publication, network: Network, clock: Clock): Promise<readonly Difference[]> {
  const { domain, keys } = publication;
  const [srv, txt, served] = await Promise.all([network.dns.query(srvName(domain), 'SRV'), network.dns.query(keyTxtName(domain), 'TXT'), fetchDocument(publication, network, clock)]);
  return [...compareSrv(publication, srv), ...compareKeys({ domain, keys, txt, document: served.document?.keys ?? null }), ...served.differences];
}

async function fetchDocument({ domain }: Publication, network: Network, clock: Clock): Promise<{ document: KeyDocument | null; differences: readonly Difference[] }> {
  const endpoint = { host: domain, port: HTTPS_PORT, serverName: domain };
  const { outcome } = await ask(network, clock, { domain, endpoint, target: KEY_DOCUMENT_PATH, maxAnswerBytes: MAX_KEY_DOCUMENT_BYTES });
  const { finding, document } = diagnoseDocument({ domain, side: 'own' }, { outcome, now: clock.now(), ed25519: createStrictEd25519() });
  if (document !== null) return { document, differences: [] };
  const { clause, detail, fix } = finding;
  return { document, differences: [{ record: 'document', problem: 'unavailable', clause, detail, fix: fix ?? '' }] };
}
