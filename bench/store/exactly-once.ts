import type { BenchDatabase, StoredRow } from './stored-messages.ts';

/** What two databases hold of what was sent. */
interface Comparison {
  /** The ids that were sent, by conversation. */
  readonly sent: ReadonlyMap<string, readonly string[]>;
  readonly sender: BenchDatabase;
  readonly receiver: BenchDatabase;
}

/** Says in words what was lost, doubled, made up or put out of order between the sender's and the receiver's server. */
export async function findFaults({ sent, sender, receiver }: Comparison): Promise<readonly string[]> {
  const conversationIds = [...sent.keys()];
  const here = await sender.messages(conversationIds);
  const there = await receiver.messages(conversationIds);
  return conversationIds.flatMap((conversationId) => {
    const wanted = sent.get(conversationId) ?? [];
    const own = here.get(conversationId) ?? [];
    const arrived = there.get(conversationId) ?? [];
    const faults = [...compare(wanted, own, "the sender's server"), ...compare(wanted, arrived, "the receiver's server")];
    const isInOrder = own.every(({ messageId }, index) => arrived[index]?.messageId === messageId);
    if (faults.length === 0 && !isInOrder) faults.push('the two servers have the messages in different orders');
    return faults.map((fault) => `${conversationId}: ${fault}`);
  });
}

/** Says how what is stored differs from what was sent, each message once. */
export function compare(wanted: readonly string[], stored: readonly Pick<StoredRow, 'messageId'>[], where: string): string[] {
  const counts = new Map<string, number>();
  for (const { messageId } of stored) counts.set(messageId, (counts.get(messageId) ?? 0) + 1);
  const known = new Set(wanted);
  const lost = wanted.filter((messageId) => !counts.has(messageId)).length;
  const doubled = [...counts.values()].filter((count) => count > 1).length;
  const phantom = [...counts.keys()].filter((messageId) => !known.has(messageId)).length;
  return [
    ...(lost > 0 ? [`${lost} of ${wanted.length} messages are missing on ${where}`] : []),
    ...(doubled > 0 ? [`${doubled} messages are doubled on ${where}`] : []),
    ...(phantom > 0 ? [`${phantom} messages on ${where} were never sent`] : []),
  ];
}
