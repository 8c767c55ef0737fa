import type { RunEnd } from './check-deliveries.ts';
import { domainOf } from '../protocol/ids.ts';
import type { PlannedConversation } from './membership-changes.ts';
import { ownerOf } from './membership-changes.ts';
import type { Violation } from './violation.ts';

/**
 * Finds servers that do not agree with the owner's on who is in a conversation and in which epoch it is, but those that
 * the text lets refuse a change for good, as a clock far from theirs had dated it [ID-5].
 */
export function checkMembership(conversations: readonly PlannedConversation[], { domains, clocksWereApart }: Pick<RunEnd, 'domains' | 'clocksWereApart'>): readonly Violation[] {
  return conversations.flatMap((conversation) => {
    const { conversationId } = conversation;
    const views = domains.flatMap(({ domain, timelines }) => {
      const member = timelines.find(({ conversation: seen }) => seen.conversationId === conversationId && seen.standing === 'member');
      return member === undefined ? [] : [{ domain, epoch: member.conversation.epoch, members: member.conversation.participants.toSorted() }];
    });
    const owned = views.find(({ domain }) => domain === domainOf(ownerOf(conversation)));
    if (owned === undefined) return [disagree(`nobody at the owner's server is in ${conversationId}`)];
    const failed = domains.flatMap(({ domain, failedChanges }) => failedChanges.filter((each) => each.conversationId === conversationId).map((each) => ({ from: domain, ...each })));
    const refused = JSON.stringify(failed);
    const mayDiffer = (domain: string): boolean => clocksWereApart && failed.some(({ from, destination, code }) => from === owned.domain && destination === domain && code === 'invalid_body');
    const served = new Set(owned.members.map(domainOf));
    return [
      ...views
        .filter(({ epoch, members }) => epoch !== owned.epoch || members.join() !== owned.members.join())
        .filter(({ domain }) => !mayDiffer(domain))
        .map(({ domain, epoch, members }) => disagree(`${conversationId}: ${domain} has epoch ${epoch} of ${members.join()}, ${owned.domain} epoch ${owned.epoch} of ${owned.members.join()}; refused: ${refused}`)),
      ...[...served].filter((domain) => !mayDiffer(domain) && !views.some((view) => view.domain === domain)).map((domain) => disagree(`${conversationId}: ${domain} knows nothing of its members; refused: ${refused}`)),
    ];
  });
}

function disagree(text: string): Violation {
  return { kind: 'disagreement', messageId: null, text };
}
