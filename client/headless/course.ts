/** A stored message as far as acknowledging goes. */
export interface ReadPosition {
  readonly position: number;
  readonly own: boolean;
  /** Whether it may become readable yet: then it is not acknowledged. */
  readonly mayPass: boolean;
}

/** How far one device has got in one conversation: everything up to the top was decrypted, or never can be. */
export interface Course {
  /** Whether it is known how far devices of this person had got before. */
  isBased(): boolean;
  base(delivered: number): void;
  /** Takes everything up to there as seen: a person has read it. */
  skipTo(position: number): void;
  /** Notes that the conversation goes at least as far. */
  hear(position: number): void;
  note(position: ReadPosition): void;
  top(): number;
  /** Whether something below the last position heard of was never looked at here. */
  hasGap(): boolean;
  /** Notes that a gap was looked into: how far it goes is worth telling, so that nobody looks there again. */
  filled(): void;
  /** Notes that the server has nothing behind this position. */
  endAt(position: number): void;
  /** Gives what is to be told, null when that is nothing new. */
  delivered(): number | null;
  told(position: number): void;
  /** Whether there is anything to fill or to tell, and nothing in the way of it. */
  hasNews(): boolean;
  /** Stops trying until resumed. */
  pause(): void;
  resume(): void;
}

/** Creates the course of a conversation of which nothing is known. */
export function createCourse(): Course {
  let start: number | null = null;
  let acknowledged = 0;
  let last = 0;
  /** The furthest that is worth a telling: messages of others, and what was fetched. */
  let worth = 0;
  let paused = false;
  const done = new Set<number>();
  const held = new Set<number>();

  function top(): number {
    if (start === null) return 0;
    while (done.delete(start + 1)) start += 1;
    return start;
  }

  function skipTo(position: number): void {
    start = Math.max(start ?? 0, position);
    for (const known of [done, held]) for (const each of known) if (each <= start) known.delete(each);
  }

  /** How many positions above the top were looked at. */
  function looked(above: number): number {
    return [...done, ...held].filter((position) => position > above).length;
  }

  function hasGap(): boolean {
    const reached = top();
    return start !== null && last - reached > looked(reached);
  }

  function delivered(): number | null {
    if (start === null) return null;
    const reached = top();
    return reached > acknowledged && worth > acknowledged ? reached : null;
  }

  return {
    isBased: () => start !== null,
    base(position) {
      skipTo(position);
      acknowledged = Math.max(acknowledged, position);
    },
    skipTo,
    hear(position) {
      last = Math.max(last, position);
    },
    note({ position, own, mayPass }) {
      last = Math.max(last, position);
      if (start !== null && position <= start) return;
      if (mayPass) return void held.add(position);
      held.delete(position);
      done.add(position);
      if (!own) worth = Math.max(worth, position);
    },
    top,
    hasGap,
    filled() {
      worth = Math.max(worth, top());
    },
    endAt(position) {
      last = position;
    },
    delivered,
    told(position) {
      acknowledged = Math.max(acknowledged, position);
    },
    hasNews: () => !paused && (start === null ? worth > 0 : hasGap() || delivered() !== null),
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
    },
  };
}
