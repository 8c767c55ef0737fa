import type { ConversationId } from '../../protocol/ids.ts';
import { ClientError } from '../client-error.ts';
import type { InstanceClient } from '../trpc/instance-client.ts';
import { callInstance, clientErrorOf } from '../trpc/instance-error.ts';
import type { ConversationWire } from '../trpc/wire.ts';
import type { ClientClock } from './clock.ts';
import { createCourse } from './course.ts';
import type { Course, ReadPosition } from './course.ts';

/** Tells the own server how far this device has got in each conversation [DEL-6]. */
export interface Acknowledger {
  /** Notes how far the server says a conversation goes, and how far devices of this person have got. */
  noteListed(summary: ConversationWire): void;
  /** Notes stored messages that this device has decrypted, or never will. */
  noteRead(conversationId: ConversationId, positions: readonly ReadPosition[]): void;
  /** Says that a person has read up to there; resolves when the server knows. */
  markRead(conversationId: ConversationId, position: number): Promise<void>;
  /** Tries again what could not be told. */
  retry(): void;
  close(): void;
}

/** Gathers what comes together: a message and that it is seen. */
const GATHER_MS = 100;
/** At most one telling for each conversation within this time. */
const PACE_MS = 1_000;
const PAGE = 200;
const MAX_PAGES = 5;

interface Waiter {
  readonly position: number;
  resolve(): void;
  reject(error: ClientError): void;
}

interface Entry {
  readonly course: Course;
  toldRead: number;
  waiters: Waiter[];
  toldAtMs: number;
  cancel: (() => void) | null;
  underway: boolean;
}

/** Creates the acknowledger of the person signed in; `readAll` decrypts messages and notes them here by itself. */
export function createAcknowledger(options: {
  readonly api: InstanceClient;
  readonly clock: ClientClock;
  /** How far devices of this person had got when the conversation was last fetched. */
  readonly findDelivered: (conversationId: ConversationId) => Promise<number>;
  readonly readAll: (conversationId: ConversationId, messages: Awaited<ReturnType<InstanceClient['messages']['list']['query']>>['messages']) => Promise<unknown>;
  readonly onUnauthorized: () => void;
}): Acknowledger {
  const { api, clock } = options;
  const entries = new Map<ConversationId, Entry>();
  let closed = false;

  function entryOf(conversationId: ConversationId): Entry {
    const entry = entries.get(conversationId) ?? { course: createCourse(), toldRead: 0, waiters: [], toldAtMs: 0, cancel: null, underway: false };
    entries.set(conversationId, entry);
    return entry;
  }

  function plan(conversationId: ConversationId): void {
    const entry = entryOf(conversationId);
    if (closed || entry.underway || entry.cancel !== null) return;
    const delayMs = Math.max(GATHER_MS, entry.toldAtMs + PACE_MS - clock.now().getTime());
    entry.cancel = clock.schedule(() => {
      entry.cancel = null;
      entry.underway = true;
      entry.toldAtMs = clock.now().getTime();
      tell(conversationId, entry)
        .catch((thrown: unknown) => fail(entry, clientErrorOf(thrown)))
        .finally(() => {
          entry.underway = false;
          if (entry.waiters.length > 0 || entry.course.hasNews()) plan(conversationId);
        });
    }, delayMs);
  }

  async function tell(conversationId: ConversationId, entry: Entry): Promise<void> {
    const { course } = entry;
    if (!course.isBased()) course.base(await options.findDelivered(conversationId));
    const waiters = entry.waiters.splice(0);
    try {
      const read = Math.max(0, ...waiters.map(({ position }) => position));
      course.skipTo(read);
      await fill(conversationId, course);
      const delivered = course.delivered();
      const marks = { ...(delivered === null ? {} : { delivered }), ...(read > entry.toldRead ? { read } : {}) };
      if (Object.keys(marks).length > 0) await callInstance(api.conversations.acknowledge.mutate({ conversationId, ...marks }));
      course.told(Math.max(delivered ?? 0, read));
      entry.toldRead = Math.max(entry.toldRead, read);
      for (const { resolve } of waiters) resolve();
    } catch (thrown) {
      for (const { reject } of waiters) reject(clientErrorOf(thrown));
      throw thrown;
    }
  }

  /** Fetches what came while nobody here was listening. */
  async function fill(conversationId: ConversationId, course: Course): Promise<void> {
    for (let page = 0; page < MAX_PAGES && course.hasGap(); page += 1) {
      const after = course.top();
      const { messages } = await callInstance(api.messages.list.query({ conversationId, after, limit: PAGE }));
      await options.readAll(conversationId, messages);
      course.filled();
      if (messages.length < PAGE) return course.endAt(messages.at(-1)?.position ?? after);
    }
  }

  /** What could not be told is told after the next convergence. */
  function fail(entry: Entry, error: ClientError): void {
    entry.course.pause();
    if (error.code === 'signed_out' && !closed) options.onUnauthorized();
  }

  return {
    noteListed({ conversationId, standing, lastPosition, deliveredPosition }) {
      if (standing !== 'member') return;
      const { course } = entryOf(conversationId);
      course.base(deliveredPosition);
      course.hear(lastPosition);
      if (course.hasNews()) plan(conversationId);
    },
    noteRead(conversationId, positions) {
      const { course } = entryOf(conversationId);
      for (const position of positions) course.note(position);
      if (course.hasNews()) plan(conversationId);
    },
    markRead: (conversationId, position) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new ClientError('signed_out'));
        entryOf(conversationId).waiters.push({ position, resolve, reject });
        plan(conversationId);
      }),
    retry() {
      for (const [conversationId, { course }] of entries) {
        course.resume();
        if (course.hasNews()) plan(conversationId);
      }
    },
    close() {
      closed = true;
      for (const { cancel, waiters } of entries.values()) {
        cancel?.();
        for (const { reject } of waiters) reject(new ClientError('signed_out'));
      }
      entries.clear();
    },
  };
}
