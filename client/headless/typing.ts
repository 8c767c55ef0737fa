import type { ConversationId } from '../../protocol/ids.ts';
import type { InstanceClient } from '../trpc/instance-client.ts';
import type { ClientClock } from './clock.ts';

/** A little more than the 3 s within which the own server passes on no second one. */
const QUIET_MS = 3_500;

/** Creates what lets the others know that one is writing: at most every 3.5 s for each conversation, and for nothing when it fails. */
export function createTyping({ api, clock }: { readonly api: InstanceClient; readonly clock: ClientClock }): (conversationId: ConversationId) => void {
  const toldAtMs = new Map<ConversationId, number>();
  return (conversationId) => {
    const nowMs = clock.now().getTime();
    if (nowMs - (toldAtMs.get(conversationId) ?? -Infinity) < QUIET_MS) return;
    toldAtMs.set(conversationId, nowMs);
    api.conversations.typing.mutate({ conversationId }).catch(() => undefined);
  };
}
