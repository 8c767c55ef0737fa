import type { JsonObject } from '../../protocol/json.ts';
import { flippedB64, lines, listKeys, NOW, signB64 } from './fixed.ts';
import { keysOf } from './people.ts';
import { CONVERSATION_ID, PEOPLE } from './statements.ts';
import { invalid, valid } from './vector-file.ts';
import type { VectorSubject } from './vector-file.ts';

const { alice, bob } = PEOPLE;
const LEAVE = { conversationId: CONVERSATION_ID, userId: bob.userId, epoch: 3, timestamp: NOW };
const textOf = ({ conversationId, userId, epoch, timestamp }: typeof LEAVE): string => lines('securechat-leave-v1', conversationId, userId, epoch, timestamp);

/** Lists signatures of people who leave. @see docs/protocol.md [E2E-6] */
export function leaveVectors(): VectorSubject {
  return {
    subject: 'leaves',
    notes: {
      Ordinary: 'A signature that every client accepts.',
      Altered: 'Something that is signed was changed.',
      Signature: 'The signature is another, of another key, or over another text.',
    },
    privateTestKeys: listKeys(keysOf(alice, bob)),
    groups: [{ type: 'LeaveSignature', clause: 'E2E-6', tests: [...accepted(), ...refused()] }],
  };
}

const input = (leave: typeof LEAVE, leaveSignature: string): JsonObject => ({ ...leave, signingKey: bob.signing.publicKey, leaveSignature });

function accepted() {
  const accepts = (comment: string, changes: Partial<typeof LEAVE>) => {
    const leave = { ...LEAVE, ...changes };
    return valid('Ordinary', comment, { input: input(leave, signB64(bob.signing, textOf(leave))), expected: { signedText: textOf(leave) } });
  };
  return [accepts('a leave', {}), accepts('another epoch', { epoch: 10 }), accepts('another conversation', { conversationId: 'c1' })];
}

function refused() {
  const right = textOf(LEAVE);
  const signature = signB64(bob.signing, right);
  const altered = (comment: string, changes: Partial<typeof LEAVE>) => invalid('Altered', comment, { input: input({ ...LEAVE, ...changes }, signature), error: { reason: 'bad_signature' } });
  const other = (comment: string, leaveSignature: string) => invalid('Signature', comment, { input: input(LEAVE, leaveSignature), error: { reason: 'bad_signature' } });
  const over = (comment: string, text: string) => other(comment, signB64(bob.signing, text));
  return [
    altered('the epoch', { epoch: 4 }),
    altered('the conversation', { conversationId: 'c1' }),
    altered('who leaves', { userId: alice.userId }),
    altered('when', { timestamp: '2026-11-18T11:06:40.001Z' }),
    other('of somebody else', signB64(alice.signing, right)),
    other('a bit of it', flippedB64(signature, 40)),
    over('a line feed at the end', `${right}\n`),
    over('no label', right.replace('securechat-leave-v1\n', '')),
    over('the epoch with a zero in front', right.replace('\n3\n', '\n03\n')),
  ];
}
