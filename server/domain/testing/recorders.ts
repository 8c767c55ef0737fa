import type { UserId } from '../../../protocol/ids.ts';
import type { DeliveryWaker, DomainEvent, Notifier } from '../ports.ts';

/** A notifier that remembers whom it told what. */
export interface RecordingNotifier extends Notifier {
  readonly told: { readonly userIds: readonly UserId[]; readonly event: DomainEvent }[];
  /** Who was told an event of a kind, in order of name. */
  toldOf(kind: DomainEvent['kind']): readonly UserId[];
}

/** Creates a notifier that remembers. */
export function createRecordingNotifier(): RecordingNotifier {
  const told: RecordingNotifier['told'] = [];
  return {
    told,
    notify: (userIds, event) => void told.push({ userIds, event }),
    toldOf: (kind) => told.filter(({ event }) => event.kind === kind).flatMap(({ userIds }) => userIds).toSorted(),
  };
}

/** A waker that counts. */
export interface CountingWaker extends DeliveryWaker {
  wakes(): number;
}

/** Creates a waker that counts. */
export function createCountingWaker(): CountingWaker {
  let count = 0;
  return { wake: () => void (count += 1), wakes: () => count };
}
