import { diffieHellman, createPublicKey } from 'node:crypto';
import { fixedBytes, flipped, lines, listKeys, sha256B64, sha256B64Url, x25519Key } from './fixed.ts';
import type { TestKey } from './fixed.ts';
import { plainBox } from './plain-box.ts';
import { invalid, valid } from './vector-file.ts';
import type { VectorSubject } from './vector-file.ts';

const [bob, carol, ephemeral] = [x25519Key('bob@b.test 1 X25519'), x25519Key('carol@c.test 1 X25519'), x25519Key('ephemeral')];
const SESSION_KEY = fixedBytes('session key', 32);
const NONCE = fixedBytes('wrapping nonce', 24);
const CONVERSATION_ID = 'AAECAwQFBgcICQoLDA0ODw:a.test';
/** X25519 public keys that give every secret the shared secret of zeros. @see RFC 7748 section 6.1 */
const WEAK_KEYS: readonly (readonly [comment: string, hex: string])[] = [
  ['zeros', '00'.repeat(32)],
  ['one', `01${'00'.repeat(31)}`],
  ['a point of order 8', 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'],
  ['the other point of order 8', '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157'],
  ['p - 1', `ec${'ff'.repeat(30)}7f`],
  ['p', `ed${'ff'.repeat(30)}7f`],
  ['p + 1', `ee${'ff'.repeat(30)}7f`],
  ['p with the bit that X25519 masks', `ed${'ff'.repeat(31)}`],
];

/** Lists wrapped session keys and key commitments. @see docs/protocol.md [E2E-3] [E2E-4] */
export function wrappedKeyVectors(): VectorSubject {
  return {
    subject: 'wrapped-keys',
    notes: {
      Ordinary: 'A key wrapped with a fixed ephemeral key and nonce, and opened by the recipient.',
      Version: 'The first byte is 0x01 and nothing else.',
      Length: 'Exactly 105 bytes.',
      Encoding: 'Canonical b64.',
      Altered: 'A bit was changed on the way.',
      Recipient: 'Opened with another key than the recipient\u2019s.',
      ZeroShared: 'A public key that gives a shared secret of zeros, whoever holds which secret.',
      Construction: 'Sealed or laid out in another way.',
      Commitment: 'The commitment of a membership statement to its session key.',
    },
    privateTestKeys: listKeys({ 'bob@b.test 1 X25519': bob, 'carol@c.test 1 X25519': carol, ephemeral }),
    groups: [
      { type: 'WrapSessionKey', clause: 'E2E-3', tests: wrapping() },
      { type: 'UnwrapSessionKey', clause: 'E2E-3', tests: unwrapping() },
      { type: 'KeyCommitment', clause: 'E2E-4', tests: commitments() },
    ],
  };
}

/** Computes X25519 by node:crypto. */
function sharedSecret(secret: TestKey, publicBytes: Uint8Array): Buffer {
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: Buffer.from(publicBytes).toString('base64url') }, format: 'jwk' });
  return diffieHellman({ privateKey: secret.keyObject, publicKey });
}

interface Wrapping {
  readonly recipient: TestKey;
  readonly sender: TestKey;
  readonly nonce: Buffer;
  readonly plaintext: Buffer;
}

const usual: Wrapping = { recipient: bob, sender: ephemeral, nonce: NONCE, plaintext: SESSION_KEY };

/** Lays out 0x01, the ephemeral public key, the nonce and the box. */
function wrap(changes: Partial<Wrapping> = {}): Buffer {
  const { recipient, sender, nonce, plaintext } = { ...usual, ...changes };
  const box = plainBox({ sharedSecret: sharedSecret(sender, recipient.publicBytes), nonce, plaintext });
  return Buffer.concat([Buffer.of(1), sender.publicBytes, nonce, box]);
}

function wrapping() {
  const wraps = (comment: string, changes: Partial<Wrapping>) => {
    const { recipient, sender, nonce, plaintext } = { ...usual, ...changes };
    return valid('Ordinary', comment, {
      input: {
        sessionKeyHex: plaintext.toString('hex'), recipientPublicKey: recipient.publicKey, ephemeralSecretHex: sender.secret.toString('hex'), nonceHex: nonce.toString('hex'),
      },
      expected: {
        ephemeralPublicKeyHex: sender.publicBytes.toString('hex'),
        sharedSecretHex: sharedSecret(sender, recipient.publicBytes).toString('hex'),
        encryptedSessionKey: wrap(changes).toString('base64'),
      },
    });
  };
  const refuses = (comment: string, publicKeyHex: string) =>
    invalid('ZeroShared', `for a recipient whose key is ${comment}`, {
      input: {
        sessionKeyHex: SESSION_KEY.toString('hex'), recipientPublicKey: Buffer.from(publicKeyHex, 'hex').toString('base64'),
        ephemeralSecretHex: ephemeral.secret.toString('hex'), nonceHex: NONCE.toString('hex'),
      },
      error: { reason: 'all_zero_shared_secret' },
    });
  return [
    wraps('for one member', {}),
    wraps('for another member', { recipient: carol }),
    wraps('another ephemeral key', { sender: x25519Key('another ephemeral') }),
    wraps('another nonce', { nonce: fixedBytes('another wrapping nonce', 24) }),
    wraps('a session key of zeros', { plaintext: Buffer.alloc(32) }),
    ...WEAK_KEYS.map(([comment, hex]) => refuses(comment, hex)),
  ];
}

function unwrapping() {
  const input = (wrapped: Buffer | string, secret: TestKey = bob) => ({
    encryptedSessionKey: typeof wrapped === 'string' ? wrapped : wrapped.toString('base64'), recipientSecretHex: secret.secret.toString('hex'),
  });
  const opens = (comment: string, wrapped: Buffer, sessionKey = SESSION_KEY) => valid('Ordinary', comment, { input: input(wrapped), expected: { sessionKeyHex: sessionKey.toString('hex') } });
  const refuses = (flag: string, comment: string, rest: { wrapped: Buffer | string; secret?: TestKey }) =>
    invalid(flag, comment, { input: input(rest.wrapped, rest.secret), error: { reason: 'not_unwrapped' } });
  const right = wrap();
  const zeroShared = plainBox({ sharedSecret: new Uint8Array(32), nonce: NONCE, plaintext: SESSION_KEY });
  const [publicKey, box] = [right.subarray(1, 33), right.subarray(57)];
  return [
    opens('the key of a member', right),
    opens('another ephemeral key and nonce', wrap({ sender: x25519Key('another ephemeral'), nonce: fixedBytes('another wrapping nonce', 24) })),
    opens('a session key of zeros', wrap({ plaintext: Buffer.alloc(32) }), Buffer.alloc(32)),
    opens('the bit of the ephemeral key that X25519 masks', Buffer.from(right.map((byte, index) => (index === 32 ? byte | 0x80 : byte)))),
    ...[0, 2, 0xff].map((version) => refuses('Version', `version ${version}`, { wrapped: Buffer.concat([Buffer.of(version), right.subarray(1)]) })),
    refuses('Length', 'nothing', { wrapped: '' }),
    refuses('Length', 'the version alone', { wrapped: right.subarray(0, 1) }),
    refuses('Length', 'a byte less', { wrapped: right.subarray(0, 104) }),
    refuses('Length', 'a byte more', { wrapped: Buffer.concat([right, Buffer.alloc(1)]) }),
    refuses('Length', 'no version', { wrapped: right.subarray(1) }),
    refuses('Length', 'a session key of 31 bytes', { wrapped: wrap({ plaintext: SESSION_KEY.subarray(1) }) }),
    refuses('Length', 'a session key of 33 bytes', { wrapped: wrap({ plaintext: fixedBytes('session key', 33) }) }),
    refuses('Encoding', 'base64url', { wrapped: Buffer.concat([right.subarray(0, 3), Buffer.alloc(102, 0xff)]).toString('base64url') }),
    refuses('Encoding', 'hexadecimal', { wrapped: right.toString('hex') }),
    refuses('Encoding', 'a line feed at the end', { wrapped: `${right.toString('base64')}\n` }),
    refuses('Altered', 'the ephemeral key', { wrapped: flipped(right, 1) }),
    refuses('Altered', 'the nonce', { wrapped: flipped(right, 33) }),
    refuses('Altered', 'the tag', { wrapped: flipped(right, 57) }),
    refuses('Altered', 'the ciphertext', { wrapped: flipped(right, -1) }),
    refuses('Recipient', 'another member', { wrapped: right, secret: carol }),
    refuses('Recipient', 'the sender with the ephemeral secret', { wrapped: right, secret: ephemeral }),
    ...WEAK_KEYS.map(([comment, hex]) =>
      refuses('ZeroShared', `an ephemeral key of ${comment}`, { wrapped: Buffer.concat([Buffer.of(1), Buffer.from(hex, 'hex'), NONCE, zeroShared]) }),
    ),
    refuses('Construction', 'nonce before key', { wrapped: Buffer.concat([Buffer.of(1), NONCE, publicKey, box]) }),
    refuses('Construction', 'ciphertext before tag', { wrapped: Buffer.concat([Buffer.of(1), publicKey, NONCE, box.subarray(16), box.subarray(0, 16)]) }),
  ];
}

interface Commitment {
  readonly conversationId: string;
  readonly epoch: number;
  readonly sessionKey: Buffer;
}

function commitments() {
  const usualCommitment: Commitment = { conversationId: CONVERSATION_ID, epoch: 1, sessionKey: SESSION_KEY };
  const bytes = ({ conversationId, epoch, sessionKey }: Commitment): Buffer => Buffer.concat([Buffer.from(`${lines('securechat-key-commitment-v1', conversationId, epoch)}\n`), sessionKey]);
  const input = ({ conversationId, epoch, sessionKey }: Commitment, commitment: string) => ({ conversationId, epoch, sessionKeyHex: sessionKey.toString('hex'), keyCommitment: commitment });
  const holds = (comment: string, changes: Partial<Commitment>) => {
    const one = { ...usualCommitment, ...changes };
    return valid('Commitment', comment, { input: input(one, sha256B64(bytes(one))), expected: { hashedHex: bytes(one).toString('hex') } });
  };
  const right = bytes(usualCommitment);
  const fails = (comment: string, commitment: string) => invalid('Commitment', comment, { input: input(usualCommitment, commitment), error: { reason: 'commitment_mismatch' } });
  return [
    holds('epoch 1', {}),
    holds('epoch 10', { epoch: 10 }),
    holds('another conversation', { conversationId: 'c1' }),
    holds('another session key', { sessionKey: fixedBytes('another session key', 32) }),
    holds('a session key that begins with a line feed', { sessionKey: Buffer.concat([Buffer.from('\n'), SESSION_KEY.subarray(1)]) }),
    fails('that of another epoch', sha256B64(bytes({ ...usualCommitment, epoch: 2 }))),
    fails('that of another conversation', sha256B64(bytes({ ...usualCommitment, conversationId: 'c1' }))),
    fails('that of another session key', sha256B64(bytes({ ...usualCommitment, sessionKey: fixedBytes('another session key', 32) }))),
    fails('no line feed before the session key', sha256B64(Buffer.concat([Buffer.from(lines('securechat-key-commitment-v1', CONVERSATION_ID, 1)), SESSION_KEY]))),
    fails('the session key as b64', sha256B64(lines('securechat-key-commitment-v1', CONVERSATION_ID, 1, SESSION_KEY.toString('base64')))),
    fails('a line feed after the session key', sha256B64(Buffer.concat([right, Buffer.from('\n')]))),
    fails('no label', sha256B64(right.subarray('securechat-key-commitment-v1\n'.length))),
    fails('as base64url', sha256B64Url(right)),
    fails('the session key alone', sha256B64(SESSION_KEY)),
  ];
}
