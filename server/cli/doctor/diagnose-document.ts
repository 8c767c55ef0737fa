import { KEY_DOCUMENT_PATH } from '../../../protocol/endpoints.ts';
import type { KeyDocument } from '../../../protocol/key-document.ts';
import { KEY_FRESH_SECONDS } from '../../../protocol/limits.ts';
import { timestampToDate } from '../../../protocol/timestamp.ts';
import type { ExchangeOutcome } from '../../federation/discovery/http-exchange.ts';
import { readCacheControl } from '../../federation/keys/cache-control.ts';
import { checkKeyDocument } from '../../federation/keys/check-key-document.ts';
import type { KeyDocumentFault } from '../../federation/keys/check-key-document.ts';
import { KEY_DOCUMENT_CACHE_CONTROL } from '../../federation/keys/key-document-source.ts';
import type { StrictEd25519 } from '../../federation/keys/strict-ed25519.ts';
import { mediaTypeOf } from '../../federation/outbound/read-problem.ts';
import { byOperator, fail, ok, warn } from './finding.ts';
import type { Finding, Subject } from './finding.ts';
import { readAnswer } from './read-answer.ts';

/** What was served as the key document of a domain, and the means to check it. */
export interface DocumentFacts {
  readonly outcome: ExchangeOutcome;
  readonly now: Date;
  readonly ed25519: StrictEd25519;
}

const SOON_MS = 86_400_000;

const FAULTS: Readonly<Record<KeyDocumentFault, { readonly what: string; readonly task: string }>> = {
  malformed: { what: 'is not of the form of KEY-2', task: 'let the SecureChat server itself answer that path' },
  wrong_domain: { what: 'names another domain', task: 'lead the path to the instance of this domain' },
  expired: { what: 'has expired (validUntil)', task: 'keep no old copy of it in a cache, and restart the instance so that it signs a new one' },
  valid_too_long: { what: 'is valid for more than 7 days (validUntil)', task: 'check the clock of that server' },
  weak_key: { what: 'lists a key that is small-order or not canonical', task: 'make a new key' },
  bad_signature: { what: 'is not signed by every key that it lists', task: 'serve it byte for byte as the instance gives it' },
};

/** Judges what a domain serves as its key document; gives the document where it counts. @see docs/protocol.md [KEY-2] [KEY-3] */
export function diagnoseDocument(subject: Subject, { outcome, now, ed25519 }: DocumentFacts): { readonly finding: Finding; readonly document: KeyDocument | null } {
  const url = `https://${subject.domain}${KEY_DOCUMENT_PATH}`;
  const bad = (what: string, task: string): { finding: Finding; document: null } => ({ finding: fail('KEY-3', `the key document at ${url} ${what}`, byOperator(subject, task)), document: null });
  if (outcome.kind !== 'answer' && outcome.reason === 'too_large') return bad('has more than 65536 bytes', 'let the SecureChat server itself answer that path');
  const read = readAnswer(outcome);
  if (read.kind === 'page') return bad(`is answered with ${read.what} instead of JSON`, pageTask(read.challenge, KEY_DOCUMENT_PATH));
  if (outcome.kind !== 'answer') return bad(`cannot be had: ${read.kind === 'none' ? read.what : outcome.reason}`, 'serve it there directly, with status 200, without redirect or compression');
  if (outcome.status !== 200) return bad(`is answered with status ${outcome.status}`, 'hand the path on to the instance');
  const checked = checkKeyDocument(outcome.body, { domain: subject.domain, now, ed25519 });
  if (checked.kind === 'invalid') return bad(FAULTS[checked.why].what, FAULTS[checked.why].task);
  return { finding: judgeDocument(subject, { url, document: checked.document, mediaType: mediaTypeOf(outcome), now }), document: checked.document };
}

/** Words what to do about a page where servers talk. */
export function pageTask(challenge: boolean, path: string): string {
  return challenge
    ? `let the content network or firewall pass ${path} without challenge, for every client: servers solve none`
    : `hand ${path} on to the instance: something else answers there`;
}

/** Judges who may keep the document, and for how long. @see docs/protocol.md [KEY-2] [KEY-5] */
export function diagnoseCache(subject: Subject, cacheControl: string | undefined): Finding {
  const fix = byOperator(subject, `serve the key document with the header Cache-Control as the instance gives it: ${KEY_DOCUMENT_CACHE_CONTROL}`);
  if (cacheControl === undefined) return warn('KEY-2', 'the key document comes without Cache-Control', fix);
  const { maxAgeSeconds, isPrivate } = readCacheControl(cacheControl);
  if (maxAgeSeconds === 0) {
    return warn('KEY-5', 'the key document may not be kept, so that peers may fetch it once a minute only and refuse requests in between', fix);
  }
  if (!isPrivate) return warn('KEY-2', 'shared caches may keep the key document, which lengthens the time for which peers trust a delisted key', fix);
  if (maxAgeSeconds === null) return warn('KEY-2', `the key document names no max-age, so that peers keep it for ${KEY_FRESH_SECONDS} s`, fix);
  if (maxAgeSeconds >= KEY_FRESH_SECONDS) return warn('KEY-2', `the key document may be kept for ${maxAgeSeconds} s, which is not below ${KEY_FRESH_SECONDS} s`, fix);
  return ok('KEY-2', `the key document may be kept for ${maxAgeSeconds} s`);
}

interface Judged {
  readonly url: string;
  readonly document: KeyDocument;
  readonly mediaType: string;
  readonly now: Date;
}

function judgeDocument(subject: Subject, { url, document, mediaType, now }: Judged): Finding {
  const { validUntil, profile = 'core', limits, keys } = document;
  const what = `${url} is sound: profile ${profile}, ${keys.length === 1 ? 'one key' : `${keys.length} keys`}, at most ${limits.maxBodyBytes} bytes, ${limits.maxBatchItems} items, ${limits.maxParticipants} participants, valid until ${validUntil}`;
  if (timestampToDate(validUntil).getTime() - now.getTime() < SOON_MS) {
    return warn('KEY-2', `${what}, which is less than a day`, byOperator(subject, 'check that no cache holds an old copy and that the instance runs'));
  }
  if (mediaType !== 'application/json') return warn('KEY-2', `${what}; its media type is ${mediaType || 'missing'}`, byOperator(subject, 'serve it as application/json'));
  return ok('KEY-2', what);
}
