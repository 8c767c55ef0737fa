import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeBase64 } from '../../../protocol/base64.ts';
import { parseDomain } from '../../../protocol/ids.ts';
import { checkKeyDocument } from './check-key-document.ts';
import { createFakeClock } from './testing/fake-clock.ts';
import { createFakePeers } from './testing/fake-peers.ts';
import type { KeyDocumentVerdict } from './fetch-key-document.ts';
import { createOwnKeyDocument, KEY_DOCUMENT_CACHE_CONTROL } from './key-document-source.ts';
import type { OwnKeyDocument } from './key-document-source.ts';
import { changeKeyFile } from './key-file.ts';
import { loadOwnKeys } from './own-keys.ts';
import type { OwnKeys } from './own-keys.ts';
import { createPeerKeys } from './peer-keys.ts';
import { MIN_LISTED_AFTER_SECONDS, replaceKeyRing, rotateKeyRing, SIGN_AFTER_SECONDS } from './rotate-key-ring.ts';
import { generateKeyPem } from './signing-key.ts';
import type { SigningKey } from './signing-key.ts';
import { createStrictEd25519 } from './strict-ed25519.ts';

const HOUR = 3_600;
const MESSAGE = 'a request';
const domain = parseDomain('a.test');
const ed25519 = createStrictEd25519();
const limits = { maxBodyBytes: 262_144, maxBatchItems: 100, maxParticipants: 256, maxMediaBytes: 0 };
const maxAgeSeconds = Number(/max-age=([0-9]+)/.exec(KEY_DOCUMENT_CACHE_CONTROL)?.[1]);

let folder: string;
let clock: ReturnType<typeof createFakeClock>;
let keys: OwnKeys;
let source: OwnKeyDocument;
let isReachable: boolean;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rotation-'));
  clock = createFakeClock();
  keys = await loadOwnKeys({ domain, directory: folder, create: true, clock, onUnreadable: () => {} });
  source = createOwnKeyDocument({ ownKeys: keys, profile: 'full', limits, endpoints: [], software: { name: 'SecureChat', version: '0.1.0' }, clock });
  isReachable = true;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const fetchDocument = async (): Promise<KeyDocumentVerdict> => {
  if (!isReachable) return { kind: 'unreachable', detail: 'timeout' };
  const json = source.json();
  const checked = checkKeyDocument(Buffer.from(json), { domain, now: clock.now(), ed25519 });
  return checked.kind === 'document' ? { ...checked, json, maxAgeSeconds } : checked;
};

interface Verifier {
  /** Tells what a request signed by this key is answered with. */
  verify(key: SigningKey): Promise<string>;
}

/** A peer of its own, which looks keys up as the check of a request does. */
function createVerifier(): Verifier {
  const peerKeys = createPeerKeys({ peers: createFakePeers(), fetchDocument, clock });
  return {
    async verify(key) {
      const signature = decodeBase64(key.sign(MESSAGE));
      const answers = [() => peerKeys.findKey(domain, key.kid, { mayFetch: () => true }), () => peerKeys.refetchAfterFailure(domain, key.kid)];
      for (const ask of answers) {
        const answer = await ask();
        if (answer.kind !== 'key') return answer.kind;
        if (ed25519.verify({ publicKey: answer.publicKey, message: Buffer.from(MESSAGE), signature })) return 'accepted';
      }
      return 'signature_invalid';
    },
  };
}

const rotate = (): Promise<unknown> =>
  changeKeyFile(folder, (ring) => {
    const times = { signAfterSeconds: SIGN_AFTER_SECONDS, listForSeconds: MIN_LISTED_AFTER_SECONDS };
    return rotateKeyRing(ring, { now: clock.now(), pem: generateKeyPem(), ...times });
  });
const replaceAll = (): Promise<unknown> => changeKeyFile(folder, () => replaceKeyRing(generateKeyPem()));

/** Does something, lets a step of time pass, and so on; gives the seconds since now with what came of each. */
async function pass<Outcome>(seconds: number, step: number, work: () => Promise<Outcome>): Promise<(readonly [number, Outcome])[]> {
  const outcomes: (readonly [number, Outcome])[] = [];
  for (let at = 0; at <= seconds; at += step) {
    outcomes.push([at, await work()]);
    clock.advance(step);
  }
  return outcomes;
}

describe('a planned rotation with the default overlap', () => {
  it('[KEY-6] loses no request: every verifier accepts each one when it comes, however long ago it fetched the document', async () => {
    const verifiers: Verifier[] = [];
    const signed: SigningKey[] = [];
    const round = async (): Promise<readonly string[]> => {
      signed.push(keys.current());
      // One signed now, and one that was under way for a while.
      const sent = [signed.at(-1), signed.at(-12)].filter((key) => key !== undefined);
      return (await Promise.all(verifiers.map((verifier) => Promise.all(sent.map((key) => verifier.verify(key)))))).flat();
    };
    const outcomes: (readonly [number, readonly string[]])[] = [];
    for (const untilNext of [HOUR, 600, 2_400, 541, 29, 29, 1]) {
      verifiers.push(createVerifier());
      outcomes.push(...(await pass(0, untilNext, round)));
    }
    await rotate();
    // Close together where something changes, so that whoever may not fetch yet is asked too.
    for (const [seconds, step] of [[120, 5], [SIGN_AFTER_SECONDS - 200, 61], [200, 5], [26 * HOUR, 601]] as const) {
      outcomes.push(...(await pass(seconds, step, round)));
    }
    const verdicts = outcomes.flatMap(([, round]) => round);
    expect(verdicts.length).toBeGreaterThan(3_000);
    expect(verdicts.filter((verdict) => verdict !== 'accepted')).toEqual([]);
    expect(new Set(signed.map(({ kid }) => kid)).size).toBe(2);
    expect(keys.listed()).toHaveLength(1);
  });

  it('[KEY-6] is known to one who asked just before it, and again just before the switch', async () => {
    const former = keys.current();
    const [early, late] = [createVerifier(), createVerifier()];
    expect(await early.verify(former)).toBe('accepted');
    await rotate();
    clock.advance(SIGN_AFTER_SECONDS - 1);
    expect(await late.verify(former)).toBe('accepted');
    clock.advance(1);
    expect(keys.current().kid).not.toBe(former.kid);
    expect([await early.verify(keys.current()), await late.verify(keys.current()), await early.verify(former)]).toEqual(['accepted', 'accepted', 'accepted']);
  });
});

describe('a stolen key', () => {
  it('[KEY-6] is forgotten within 3600 s, and what the new one signs is refused for 60 s at most', async () => {
    const stolen = keys.current();
    const verifiers = Array.from({ length: 10 }, createVerifier);
    // Their copies are 1 to 3000 s old when the key is replaced.
    for (const [index, verifier] of verifiers.entries()) {
      await verifier.verify(stolen);
      clock.advance(index < verifiers.length - 1 ? 333 : 1);
    }
    keys.listed();
    await replaceAll();
    const outcomes = await pass(2 * HOUR, 30, async () => ({
      thief: await Promise.all(verifiers.map((verifier) => verifier.verify(stolen))),
      owner: await Promise.all(verifiers.map((verifier) => verifier.verify(keys.current()))),
    }));
    expect(outcomes[0]?.[1].thief).toContain('accepted');
    expect(outcomes.filter(([at, { thief }]) => at >= 3_600 && thief.some((verdict) => verdict !== 'unknown_key'))).toEqual([]);
    expect(outcomes.filter(([at, { owner }]) => at >= 90 && owner.some((verdict) => verdict !== 'accepted'))).toEqual([]);
  });

  it('[KEY-6] is forgotten within 24 h by one who cannot reach the document', async () => {
    const stolen = keys.current();
    const verifier = createVerifier();
    expect(await verifier.verify(stolen)).toBe('accepted');
    await replaceAll();
    isReachable = false;
    const outcomes = await pass(30 * HOUR, 300, () => verifier.verify(stolen));
    expect(outcomes.filter(([at, verdict]) => (verdict === 'accepted') !== at < 24 * HOUR)).toEqual([]);
  });
});
