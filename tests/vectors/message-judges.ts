import { parseConversationId } from '../../protocol/ids.ts';
import { canonicalizeJson } from '../../protocol/json.ts';
import type { MembershipStatement } from '../../protocol/schemas/membership-statement.ts';
import { encodeLines } from '../../e2ee/bytes.ts';
import { hkdfSha256 } from '../../e2ee/hkdf.ts';
import { membershipHash } from '../../e2ee/membership.ts';
import { messageSignatureInput } from '../../e2ee/message-sealing.ts';
import { decryptMessage, encryptMessage } from '../../e2ee/message.ts';
import type { KnownEpoch, MessageEnvelope } from '../../e2ee/message.ts';
import { accepted, refused } from './outcome.ts';
import type { Judge, VectorContext } from './outcome.ts';
import { prepared, signingSecretKeyOf } from './people-judges.ts';
import { bytesOf, hex } from './text-judges.ts';

type Encryption = Parameters<typeof encryptMessage>[0];

interface Reader {
  readonly joinedAtEpoch: number;
  readonly pins: Readonly<Record<string, readonly string[]>>;
  readonly epochs: readonly {
    readonly epoch: number;
    readonly membership: MembershipStatement | null;
    readonly sessionKeyHex: string | null;
    readonly supersededAt: string | null;
  }[];
}

/** Judges messages. */
export const MESSAGE_JUDGES: Readonly<Record<string, Judge>> = {
  async MessageKey({ sessionKeyHex, conversationId, epoch }: { sessionKeyHex: string; conversationId: string; epoch: number }) {
    const info = encodeLines('securechat-message-key-v1', parseConversationId(conversationId), epoch);
    const key = await hkdfSha256({ ikm: bytesOf(sessionKeyHex), salt: new Uint8Array(), info, length: 32 });
    return accepted({ info: Buffer.from(info).toString('utf8'), keyHex: hex(key) });
  },

  async SealMessage(
    input: { associatedData: Encryption['associatedData']; content: Encryption['content']; sessionKeyHex: string; nonceHex: string; key: string },
    { keys }: VectorContext,
  ) {
    const { associatedData, content, sessionKeyHex, nonceHex, key } = input;
    const { payload, signatureInputHash } = await encryptMessage({
      associatedData, content, sessionKey: bytesOf(sessionKeyHex), signingSecretKey: signingSecretKeyOf(keys, key), random: prepared(bytesOf(nonceHex)),
    });
    const signedText = Buffer.from(await messageSignatureInput(payload)).toString('utf8');
    return accepted({ additionalData: canonicalizeJson(payload.associatedData), signedText, signatureInputHash, payload });
  },

  async OpenMessage({ envelope, receivedAt }: { envelope: MessageEnvelope; receivedAt: string }, { given }: VectorContext<Reader>) {
    const epochs = new Map<number, KnownEpoch>();
    for (const { epoch, membership, sessionKeyHex, supersededAt } of given.epochs) {
      epochs.set(epoch, {
        membership: membership === null ? null : { statement: membership, statementHash: await membershipHash(membership) },
        sessionKey: sessionKeyHex === null ? null : bytesOf(sessionKeyHex),
        supersededAt: supersededAt === null ? null : new Date(supersededAt),
      });
    }
    const decrypted = await decryptMessage({
      envelope,
      findEpoch: (epoch) => epochs.get(epoch) ?? null,
      joinedAtEpoch: given.joinedAtEpoch,
      senderSigningKeys: given.pins[envelope.senderId] ?? [],
      receivedAt: new Date(receivedAt),
    });
    if (decrypted.kind === 'unreadable') return refused({ reason: decrypted.reason });
    const { content, late, signatureInputHash } = decrypted;
    return accepted({ content, late, signatureInputHash });
  },
};
