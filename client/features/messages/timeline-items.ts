import type { MessageView, SystemLineView, TimelinePage } from '../../model.ts';
import { withTold, type Told } from './told.ts';

const GROUP_MS = 5 * 60_000;

/** One row of the timeline; `first` and `last` tell the place of a message in its group. */
type TimelineItem =
  | { readonly kind: 'message'; readonly key: string; readonly message: MessageView; readonly first: boolean; readonly last: boolean }
  | { readonly kind: 'system'; readonly key: string; readonly line: SystemLineView }
  | { readonly kind: 'unread'; readonly key: 'unread' };

/** The rows of one day; `date` is an instant of it. */
export interface TimelineDay {
  readonly key: string;
  readonly date: Date;
  readonly items: readonly TimelineItem[];
}

function byPlace(one: MessageView, other: MessageView): number {
  if (one.position !== null && other.position !== null) return one.position - other.position;
  if (one.position === null && other.position === null) return one.sentAt.getTime() - other.sentAt.getTime();
  // What the own server has not stored yet stands behind all that it has.
  return one.position === null ? 1 : -1;
}

/** Joins loaded pages, what is on its way and what events told into one list in the order of the own server, each message once. */
export function joinMessages(pages: readonly TimelinePage[], outgoing: readonly MessageView[], told: Told): readonly MessageView[] {
  const byId = new Map<string, MessageView>();
  for (const message of [...outgoing, ...pages.flatMap((page) => page.messages), ...told.messages.values()]) {
    byId.set(message.messageId, withTold(message, told, byId.get(message.messageId)?.receipts));
  }
  return [...byId.values()].toSorted(byPlace);
}

/** Joins the system lines of loaded pages, each once, in their order. */
export function joinSystemLines(pages: readonly TimelinePage[]): readonly SystemLineView[] {
  const byKey = new Map<string, SystemLineView>();
  for (const line of pages.flatMap((page) => page.systemLines)) byKey.set(systemLineKey(line), line);
  return [...byKey.values()].toSorted((one, other) => one.afterPosition - other.afterPosition || one.epoch - other.epoch);
}

function systemLineKey(line: SystemLineView): string {
  return `${line.kind}:${line.epoch}:${line.actorId}:${line.afterPosition}:${line.subjectIds.join(' ')}`;
}

/** Finds where "New messages" begins: the oldest of the last `unreadCount` messages of other people, null where none is unread. */
export function firstUnreadId(messages: readonly MessageView[], unreadCount: number): string | null {
  if (unreadCount <= 0) return null;
  const others = messages.filter((message) => !message.own);
  return others[Math.max(0, others.length - unreadCount)]?.messageId ?? null;
}

/** What {@link buildTimeline} is made from. */
interface TimelineInput {
  readonly messages: readonly MessageView[];
  readonly systemLines: readonly SystemLineView[];
  readonly firstUnreadId: string | null;
  readonly hasOlder: boolean;
}

type Entry = { readonly at: Date; readonly message: MessageView } | { readonly at: Date; readonly line: SystemLineView };

function interleave({ messages, systemLines, hasOlder }: TimelineInput): readonly Entry[] {
  const oldest = messages[0]?.position ?? null;
  // Lines before the loaded stretch come with the page that they belong to.
  const lines = systemLines.filter((line) => !hasOlder || oldest === null || line.afterPosition >= oldest);
  const entries: Entry[] = [];
  let next = 0;
  for (const message of messages) {
    for (let line = lines[next]; line !== undefined && (message.position === null || line.afterPosition < message.position); line = lines[next]) {
      entries.push({ at: line.at, line });
      next += 1;
    }
    entries.push({ at: message.sentAt, message });
  }
  for (const line of lines.slice(next)) entries.push({ at: line.at, line });
  return entries;
}

function dayKey(at: Date): string {
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`;
}

function continues(previous: TimelineItem | undefined, message: MessageView): boolean {
  return (
    previous?.kind === 'message' &&
    previous.message.senderId === message.senderId &&
    message.sentAt.getTime() - previous.message.sentAt.getTime() <= GROUP_MS
  );
}

function markLast(items: readonly TimelineItem[]): readonly TimelineItem[] {
  return items.map((item, index) => {
    if (item.kind !== 'message') return item;
    const next = items[index + 1];
    return { ...item, last: next === undefined || next.kind !== 'message' || next.first };
  });
}

function itemsOf(entry: Entry, previous: TimelineItem | undefined, unreadId: string | null): readonly TimelineItem[] {
  if ('line' in entry) return [{ kind: 'system', key: systemLineKey(entry.line), line: entry.line }];
  const { message } = entry;
  const startsUnread = message.messageId === unreadId;
  const first = startsUnread || !continues(previous, message);
  const row: TimelineItem = { kind: 'message', key: message.messageId, message, first, last: false };
  return startsUnread ? [{ kind: 'unread', key: 'unread' }, row] : [row];
}

/**
 * Lays messages and system lines out in days, groups of one sender within five minutes, and the "New messages" divider.
 * The order is the own server's; where a sender's clock runs behind, a message stays in the day of the one before.
 */
export function buildTimeline(input: TimelineInput): readonly TimelineDay[] {
  const days: { key: string; date: Date; items: TimelineItem[] }[] = [];
  for (const entry of interleave(input)) {
    const current = days.at(-1);
    const key = dayKey(entry.at);
    const day = current !== undefined && key <= current.key ? current : { key, date: entry.at, items: [] };
    if (day !== current) days.push(day);
    day.items.push(...itemsOf(entry, day.items.at(-1), input.firstUnreadId));
  }
  return days.map((day) => ({ ...day, items: markLast(day.items) }));
}
