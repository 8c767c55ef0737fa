import { domainOf } from '../../../protocol/ids.ts';
import type { Domain, UserId } from '../../../protocol/ids.ts';
import type { ChangeWrite, Notifier } from '../ports.ts';

/** Tells local people of a stored change: newcomers of a conversation, everybody else (the removed too) of a new membership. */
export function announceChange(options: {
  readonly write: ChangeWrite;
  readonly before: readonly UserId[];
  readonly localDomain: Domain;
  readonly notifier: Notifier;
}): void {
  const { write, localDomain, notifier } = options;
  const { conversationId, epoch } = write;
  const before = new Set(options.before);
  const after = write.participantsAfter.filter((userId) => domainOf(userId) === localDomain);
  const newcomers = after.filter((userId) => !before.has(userId));
  const removed = options.before.filter((userId) => domainOf(userId) === localDomain && !after.includes(userId));
  const others = after.filter((userId) => before.has(userId));
  if (newcomers.length > 0) notifier.notify(newcomers, { kind: 'conversation', conversationId });
  const told = [...others, ...removed];
  if (told.length > 0) notifier.notify(told, { kind: 'membership', conversationId, epoch });
}
