import { KEY_DOCUMENT_PATH } from '../../../protocol/endpoints.ts';
import type { KeyDocument } from '../../../protocol/key-document.ts';
import { keyTxtName, srvName } from '../../../protocol/key-txt.ts';
import { MAX_KEY_DOCUMENT_BYTES } from '../../../protocol/limits.ts';
import { HTTPS_PORT } from '../../federation/discovery/peer-connector.ts';
import type { PeerEndpoint } from '../../federation/discovery/peer-connector.ts';
import { createPeerResolver } from '../../federation/discovery/resolve-peer.ts';
import { declinesFederation } from '../../federation/discovery/srv-selection.ts';
import { ask } from './ask.ts';
import { diagnoseClock, readOffset } from './diagnose-clock.ts';
import { diagnoseCache, diagnoseDocument } from './diagnose-document.ts';
import { diagnoseOwnKeys } from './diagnose-keys.ts';
import { diagnosePath } from './diagnose-path.ts';
import { diagnoseAddresses, diagnoseTcp } from './diagnose-place.ts';
import { diagnoseSrv } from './diagnose-srv.ts';
import { diagnoseTls } from './diagnose-tls.ts';
import { diagnoseTxt } from './diagnose-txt.ts';
import { dial } from './dial.ts';
import { createStepRecord, improbableUser } from './examination.ts';
import type { Doctor, Examination, StepRecord } from './examination.ts';
import { ok, skipped } from './finding.ts';
import type { Subject } from './finding.ts';
import { probePath } from './path-probes.ts';

/** The walk through one domain, as far as it has come. */
interface Walk {
  readonly doctor: Doctor;
  readonly subject: Subject;
  readonly record: StepRecord;
}

/**
 * Walks through one domain as any other server sees it: DNS, key document, key records, then every place where
 * requests go. `ownOffsetSeconds` is how far our own server's clock was found ahead, null for the walk through it.
 * @see docs/protocol.md [DISC-1] to [DISC-6], [KEY-2] to [KEY-4], [SIG-3], [SIG-4]
 */
export async function examineDomain(doctor: Doctor, subject: Subject, ownOffsetSeconds: number | null): Promise<Examination> {
  const walk: Walk = { doctor, subject, record: createStepRecord(subject) };
  const { record } = walk;
  const { domain } = subject;
  const declines = await examineSrv(walk);
  if (declines) {
    record.add('document', skipped('KEY-2', `${domain} does not federate`));
    return { steps: record.steps, document: null, places: [], offsetSeconds: null };
  }
  const home = { ...(staticEntry(walk) ?? { host: domain, port: HTTPS_PORT }), serverName: domain };
  const homeIsOpen = await visit(walk, home);
  const { document, offsetSeconds: homeOffset } = await examineDocument(walk, home, homeIsOpen);
  const places = await examinePlaces(walk, { home, homeIsOpen, document });
  const offsets = await examinePaths(walk, places);
  const offsetSeconds = offsets.find((offset) => offset !== null) ?? homeOffset;
  if (places.length === 0 && homeOffset === null) record.add('clock', skipped('SIG-4', `${domain} cannot be asked`));
  else record.add('clock', diagnoseClock(subject, { offsetSeconds, ownOffsetSeconds, synchronised: doctor.clockSynchronised }));
  return { steps: record.steps, document, places, offsetSeconds };
}

function staticEntry({ doctor, subject }: Walk): { readonly host: string; readonly port: number } | undefined {
  // The world does not know what this instance says of itself.
  return subject.side === 'peer' ? doctor.staticPeers.get(subject.domain) : undefined;
}

/** Looks up the SRV records and tells whether they decline federation. */
async function examineSrv(walk: Walk): Promise<boolean> {
  const { doctor: { network: { dns } }, subject, record } = walk;
  const fixed = staticEntry(walk);
  if (fixed !== undefined) {
    record.add('srv', ok('DISC-1', `${subject.domain} is at ${fixed.host}:${fixed.port} by SECURECHAT_STATIC_PEERS; its records are not read`));
    return false;
  }
  const [srv, domain] = await Promise.all([dns.query(srvName(subject.domain), 'SRV'), dns.query(subject.domain, 'A')]);
  record.add('srv', diagnoseSrv(subject, { srv, domain }));
  return srv.kind === 'records' && declinesFederation(srv.records);
}

/** Goes to a place up to the end of the TLS handshake, and tells whether requests can be sent there. */
async function visit({ doctor, subject, record }: Walk, endpoint: PeerEndpoint): Promise<boolean> {
  const facts = await dial(doctor.network, endpoint);
  const place = `${endpoint.host}:${endpoint.port}`;
  if (!record.add('address', diagnoseAddresses(subject, facts))) {
    record.add('tcp', skipped('DISC-2', `${endpoint.host} has no address to dial`));
    record.add('tls', skipped('DISC-4', `${endpoint.host} has no address to dial`));
    return false;
  }
  if (!record.add('tcp', diagnoseTcp(subject, facts))) {
    record.add('tls', skipped('DISC-4', `${place} cannot be connected to`));
    return false;
  }
  return record.add('tls', diagnoseTls(subject, facts, doctor.clock.now()));
}

interface Document {
  readonly document: KeyDocument | null;
  readonly offsetSeconds: number | null;
}

async function examineDocument({ doctor, subject, record }: Walk, home: PeerEndpoint, homeIsOpen: boolean): Promise<Document> {
  const { network, clock, ed25519, ownKeys } = doctor;
  const skipRest = (because: string): void => {
    record.add('cache', skipped('KEY-2', because));
    if (subject.side === 'own') record.add('keys', skipped('KEY-6', because));
    record.add('txt', skipped('KEY-4', because));
  };
  if (!homeIsOpen) {
    record.add('document', skipped('KEY-2', `${home.host}:${home.port} cannot be asked`));
    skipRest('there is no key document');
    return { document: null, offsetSeconds: null };
  }
  const timed = await ask(network, clock, { domain: subject.domain, endpoint: home, target: KEY_DOCUMENT_PATH, maxAnswerBytes: MAX_KEY_DOCUMENT_BYTES });
  const { finding, document } = diagnoseDocument(subject, { outcome: timed.outcome, now: clock.now(), ed25519 });
  record.add('document', finding);
  if (document === null || timed.outcome.kind !== 'answer') {
    skipRest('the key document does not count');
    return { document: null, offsetSeconds: readOffset(timed) };
  }
  record.add('cache', diagnoseCache(subject, timed.outcome.headers['cache-control']));
  if (subject.side === 'own') record.add('keys', diagnoseOwnKeys(document, { current: ownKeys.current(), listed: ownKeys.listed() }));
  record.add('txt', diagnoseTxt(subject, await network.dns.query(keyTxtName(subject.domain), 'TXT'), document));
  return { document, offsetSeconds: readOffset(timed) };
}

interface Home {
  readonly home: PeerEndpoint;
  readonly homeIsOpen: boolean;
  readonly document: KeyDocument | null;
}

/** Finds the places for requests as deliveries do, visits them, and gives those that are open. */
async function examinePlaces(walk: Walk, { home, homeIsOpen, document }: Home): Promise<readonly PeerEndpoint[]> {
  const { doctor, subject, record } = walk;
  const { clock, random, network: { dns }, staticPeers } = doctor;
  const findEndpoints = async () => document?.endpoints ?? 'unavailable';
  const resolver = createPeerResolver({ dns, staticPeers: subject.side === 'peer' ? staticPeers : new Map(), findEndpoints, random, clock });
  const resolution = await resolver.resolve(subject.domain);
  if (resolution.kind !== 'targets') {
    const because = resolution.kind === 'failure' ? `it is not known where ${subject.domain} takes requests` : `${subject.domain} does not federate`;
    record.add('tcp', skipped('DISC-2', because));
    return [];
  }
  const open: PeerEndpoint[] = [];
  for (const place of resolution.targets) {
    const isHome = place.host === home.host && place.port === home.port && place.serverName === home.serverName;
    if (isHome ? homeIsOpen : await visit(walk, place)) open.push(place);
  }
  return open;
}

/** Looks at how paths arrive at every open place, and gives how far its clock is ahead where a server answered. */
async function examinePaths({ doctor, subject, record }: Walk, places: readonly PeerEndpoint[]): Promise<readonly (number | null)[]> {
  if (places.length === 0) record.add('path', skipped('SIG-3', 'there is no place that takes requests'));
  const { network, clock, randomBytes } = doctor;
  const offsets: (number | null)[] = [];
  for (const endpoint of places) {
    const facts = await probePath(network, clock, { endpoint, userId: improbableUser(subject.domain, randomBytes) });
    const isSound = record.add('path', diagnosePath(subject, endpoint, facts));
    offsets.push(isSound ? readOffset(facts.canonical) : null);
  }
  return offsets;
}
