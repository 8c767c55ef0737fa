import type { KeyDocument } from '../../../protocol/key-document.ts';
import type { KeyTxt } from '../../../protocol/key-txt.ts';
import { fail, ok } from './finding.ts';
import type { Finding } from './finding.ts';

/** The keys of this instance, the one that signs now first. */
export interface LocalKeys {
  readonly current: KeyTxt;
  readonly listed: readonly KeyTxt[];
}

/** Judges whether the document that the world sees lists the keys of this instance. @see docs/protocol.md [KEY-2] [KEY-6] */
export function diagnoseOwnKeys(document: KeyDocument, { current, listed }: LocalKeys): Finding {
  const publishes = ({ kid, publicKey }: KeyTxt): boolean => document.keys.some((key) => key.kid === kid && key.publicKey === publicKey);
  const source = 'Run this with the SECURECHAT_DATA_DIR or SECURECHAT_S2S_PRIVATE_KEY of the instance that serves the document; if they are the same, restart the instance so that it reads its keys again';
  const published = document.keys.map(({ kid }) => kid).join(', ');
  if (!publishes(current)) {
    return fail('KEY-2', `the published key document lists ${published}, not the key ${current.kid} with which this instance signs`, source);
  }
  const missing = listed.filter((key) => !publishes(key));
  if (missing.length > 0) return fail('KEY-6', `the published key document does not list our key ${missing.map(({ kid }) => kid).join(', ')}`, source);
  const foreign = document.keys.filter(({ kid, publicKey }) => !listed.some((key) => key.kid === kid && key.publicKey === publicKey));
  if (foreign.length > 0) return fail('KEY-6', `the published key document lists ${foreign.map(({ kid }) => kid).join(', ')}, which is no key of this instance`, source);
  if (document.publicKey !== current.publicKey) return fail('KEY-2', 'the published key document names another of our keys as the one that signs', source);
  return ok('KEY-6', `the published keys are those of this instance: ${published}`);
}
