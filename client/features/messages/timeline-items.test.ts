import { describe, expect, it } from 'vitest';
import type { SystemLineView, TimelinePage } from '../../model.ts';
import { scriptedMessage } from '../testing/scripted-data.ts';
import { buildTimeline, firstUnreadId, joinMessages, joinSystemLines } from './timeline-items.ts';
import { NOTHING_TOLD } from './told.ts';

const NOON = new Date(2026, 10, 20, 12, 0, 0);
const at = (minutes: number) => new Date(NOON.getTime() + minutes * 60_000);
const from = (senderId: string, position: number, minutes: number) =>
  scriptedMessage({ messageId: `m${position}`, senderId, position, sentAt: at(minutes) });
const line = (afterPosition: number, kind: SystemLineView['kind'] = 'added'): SystemLineView => ({
  kind,
  epoch: afterPosition + 1,
  actorId: 'alice@a.test',
  subjectIds: [],
  at: NOON,
  afterPosition,
});
const page = (messages: TimelinePage['messages'], systemLines: TimelinePage['systemLines'] = []): TimelinePage => ({ messages, systemLines, hasOlder: false });
const shape = (days: ReturnType<typeof buildTimeline>) =>
  days.flatMap((day) => day.items.map((item) => (item.kind === 'message' ? `${item.key}${item.first ? '<' : ''}${item.last ? '>' : ''}` : item.kind === 'system' ? `line${item.line.afterPosition}` : 'unread')));
const build = (messages: Parameters<typeof buildTimeline>[0]['messages'], rest: Partial<Parameters<typeof buildTimeline>[0]> = {}) =>
  buildTimeline({ messages, systemLines: [], firstUnreadId: null, hasOlder: false, ...rest });

describe('grouping', () => {
  it('messages of one sender within five minutes form one group', () => {
    expect(shape(build([from('bob@b.test', 1, 0), from('bob@b.test', 2, 5), from('bob@b.test', 3, 9)]))).toEqual(['m1<', 'm2', 'm3>']);
  });
  it('a message more than five minutes later starts a group', () => {
    expect(shape(build([from('bob@b.test', 1, 0), from('bob@b.test', 2, 5.1)]))).toEqual(['m1<>', 'm2<>']);
  });
  it('another sender starts a group', () => {
    expect(shape(build([from('bob@b.test', 1, 0), from('bob@c.test', 2, 1)]))).toEqual(['m1<>', 'm2<>']);
  });
  it('a system line and the divider each end a group', () => {
    const messages = [from('bob@b.test', 1, 0), from('bob@b.test', 2, 1), from('bob@b.test', 3, 2)];
    expect(shape(build(messages, { systemLines: [line(1)], firstUnreadId: 'm3' }))).toEqual(['m1<>', 'line1', 'm2<>', 'unread', 'm3<>']);
  });
});

describe('days', () => {
  it('a new calendar day gets a separator of its own', () => {
    const days = build([from('bob@b.test', 1, 0), from('bob@b.test', 2, 12 * 60 + 1)]);
    expect(days.map((day) => day.key)).toEqual(['2026-11-20', '2026-11-21']);
  });
  it('a sender whose clock runs a day behind stays in the day of the message before', () => {
    const days = build([from('bob@b.test', 1, 24 * 60), from('erin@c.test', 2, 0)]);
    expect(days.map((day) => day.key)).toEqual(['2026-11-21']);
  });
});

describe('order', () => {
  it('messages stand in the order of the own server, those on their way last, each once', () => {
    const stored = from('alice@a.test', 2, 3);
    const sending = scriptedMessage({ messageId: 'late', senderId: 'alice@a.test', sentAt: at(1), localState: 'sending' });
    const same = scriptedMessage({ messageId: 'm2', senderId: 'alice@a.test', sentAt: at(1), localState: 'sending' });
    const joined = joinMessages([page([stored]), page([from('bob@b.test', 1, 9)])], [sending, same], NOTHING_TOLD);
    expect(joined.map((each) => `${each.messageId}:${each.localState}`)).toEqual(['m1:stored', 'm2:stored', 'late:sending']);
  });
  it('system lines of several pages stand once each, in their order', () => {
    expect(joinSystemLines([page([], [line(4), line(1)]), page([], [line(1)])]).map((each) => each.afterPosition)).toEqual([1, 4]);
  });
  it('a system line before the loaded stretch waits for its page', () => {
    const messages = [from('bob@b.test', 5, 0)];
    expect(shape(build(messages, { systemLines: [line(2), line(5)], hasOlder: true }))).toEqual(['m5<>', 'line5']);
    expect(shape(build(messages, { systemLines: [line(2), line(5)], hasOlder: false }))).toEqual(['line2', 'm5<>', 'line5']);
  });
});

describe('the divider', () => {
  const messages = [from('bob@b.test', 1, 0), from('alice@a.test', 2, 1), from('bob@b.test', 3, 2), from('bob@b.test', 4, 3)];
  it('begins at the oldest unread message of somebody else', () => {
    expect(firstUnreadId(messages, 2)).toBe('m3');
    expect(firstUnreadId(messages, 3)).toBe('m1');
  });
  it('begins at the oldest loaded one where more are unread than are loaded', () => {
    expect(firstUnreadId(messages, 70)).toBe('m1');
  });
  it('is absent where nothing is unread', () => {
    expect(firstUnreadId(messages, 0)).toBeNull();
  });
});
