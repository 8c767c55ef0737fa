import type { VirtualTime } from './virtual-time.ts';

/** What happened, in order: to the world, or to the messages named. */
interface TrailEntry {
  readonly atMs: number;
  readonly text: string;
  /** Empty for what concerns the world. */
  readonly messageIds: ReadonlySet<string>;
}

/** Remembers what happened in a run. */
export interface Trail {
  note(text: string, messageIds?: Iterable<string>): void;
  /** Tells what happened to a message, and to the world meanwhile, a line each. */
  of(messageId: string): readonly string[];
  /** Tells what happened to the world. */
  ofWorld(): readonly string[];
}

/** Creates an empty trail. */
export function createTrail(time: VirtualTime, startMs: number): Trail {
  const entries: TrailEntry[] = [];
  const format = ({ atMs, text }: TrailEntry): string => `${((atMs - startMs) / 1000).toFixed(3).padStart(10)} s  ${text}`;
  return {
    note: (text, messageIds = []) => void entries.push({ atMs: time.nowMs(), text, messageIds: new Set(messageIds) }),
    of(messageId) {
      const concerned = entries.filter(({ messageIds }) => messageIds.size === 0 || messageIds.has(messageId));
      const first = concerned.findIndex(({ messageIds }) => messageIds.size > 0);
      return concerned.slice(Math.max(0, first)).map(format);
    },
    ofWorld: () => entries.filter(({ messageIds }) => messageIds.size === 0).map(format),
  };
}
