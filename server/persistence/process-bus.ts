import type pg from 'pg';
import type { Logger } from 'pino';
import type { BusNews, ProcessBus } from '../domain/process-bus.ts';
import { formatFrame, parseFrame } from './bus-frame.ts';
import type { BusFrame } from './bus-frame.ts';
import { openBusListener } from './bus-listener.ts';
import type { BusListener } from './bus-listener.ts';
import { createBusPresence } from './bus-presence.ts';
import { createBusPublisher } from './bus-publisher.ts';

const CHANNEL = 'securechat_bus';

/** How often a process shows itself, after how much silence it is forgotten, and how long a new one waits for answers. */
interface BusPace {
  readonly heartbeatMs: number;
  readonly forgetMs: number;
  readonly settleMs: number;
}

const PACE: BusPace = { heartbeatMs: 10_000, forgetMs: 30_000, settleMs: 2_000 };

/** The bus on LISTEN and NOTIFY, with its life. */
export interface PostgresProcessBus extends ProcessBus {
  /** Listens until `stop`; resolves once the first connection has proven that it hears. */
  start(): Promise<void>;
  /** Resolves once all that was published is sent; for platforms that freeze a process after its answer. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Creates the bus of a process. One that listens shows itself to the others and publishes nothing while it knows of
 * none; one that does not listen always publishes. `url` must lead to PostgreSQL itself: a pooler between transactions
 * does not pass on what is notified.
 */
export function createProcessBus(options: {
  readonly pool: Pick<pg.Pool, 'query'>;
  readonly url: string;
  readonly processId: string;
  readonly logger: Logger;
  readonly now: () => number;
  readonly pace?: BusPace;
}): PostgresProcessBus {
  const { logger, now, processId } = options;
  const pace = options.pace ?? PACE;
  const handlers = new Set<(news: BusNews) => void>();
  const presence = createBusPresence({ now, forgetMs: pace.forgetMs });
  const publisher = createBusPublisher({ ...options, channel: CHANNEL, envelope: () => envelope(isHearing ? 'here' : 'none') });
  let holders = 0;
  let listener: BusListener | null = null;
  let heartbeat: NodeJS.Timeout | null = null;
  let helloAt: number | null = null;
  /** Whether what this process notified came back to it, and since when. */
  let isHearing = false;
  let hearingSince = 0;
  const waitingToHear: (() => void)[] = [];

  const envelope = (say: BusFrame['say']) => ({ v: 1, from: processId, say }) as const;
  const isSilent = (): boolean => isHearing && presence.isEmpty() && now() - hearingSince > pace.settleMs;

  function tell(news: BusNews): void {
    for (const handler of handlers) handler(news);
  }

  /** Says something of this process itself; a connection that cannot is given up. */
  function say(what: BusFrame['say'], met: readonly string[] = []): void {
    const frame = { ...envelope(what), ...(met.length > 0 ? { met } : {}) };
    survive(listener?.notify(formatFrame(frame)));
  }

  function survive(sign: Promise<void> | undefined): void {
    sign?.catch((error: unknown) => {
      logger.warn({ err: error }, 'the connection that listens to other processes is silent');
      listener?.reset();
    });
  }

  function onEcho(): void {
    if (isHearing) return;
    isHearing = true;
    hearingSince = now();
    for (const resolve of waitingToHear.splice(0)) resolve();
    tell({ kind: 'gap' });
  }

  function onText(text: string): void {
    const frame = parseFrame(text);
    if (frame === null) {
      logger.warn('another process speaks a language that this one does not know');
      tell({ kind: 'gap' });
    } else if (frame.from === processId) onEcho();
    else onFrame(frame);
  }

  function onFrame(frame: BusFrame): void {
    if (frame.say === 'bye') presence.leave(frame.from);
    if (frame.say === 'hello' || frame.say === 'here') {
      const wasSilent = isSilent();
      const isNew = presence.hear(frame.from);
      if (isNew || frame.say === 'hello') say('here', isNew && wasSilent ? [frame.from] : []);
    }
    if (frame.lost === true || frame.met?.includes(processId) === true) tell({ kind: 'gap' });
    for (const message of frame.items ?? []) tell(message);
  }

  function beat(): void {
    if (listener === null || helloAt === null) return;
    // Where our own word does not come back, nothing else would come either.
    if (!isHearing) {
      if (now() - helloAt < pace.settleMs) return;
      logger.warn('this process does not hear what it tells others: DATABASE_URL must not lead through a pooler');
      listener.reset();
    } else if (presence.forgetSilent()) say('hello');
    else if (presence.isEmpty()) survive(listener.ping());
    else say('here');
  }

  function open(): void {
    heartbeat = setInterval(beat, pace.heartbeatMs).unref();
    listener = openBusListener({
      ...options,
      channel: CHANNEL,
      onText,
      onListening() {
        helloAt = now();
        say('hello');
      },
      onLost() {
        helloAt = null;
        isHearing = false;
        presence.clear();
      },
    });
  }

  async function close(): Promise<void> {
    const closing = listener;
    if (closing === null) return;
    if (heartbeat !== null) clearInterval(heartbeat);
    listener = null;
    await closing.notify(formatFrame(envelope('bye'))).catch(() => undefined);
    await closing.close();
  }

  function listen(): () => void {
    holders += 1;
    if (holders === 1) open();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      holders -= 1;
      if (holders === 0) void close();
    };
  }

  return {
    publish(message) {
      if (!isSilent()) publisher.publish(message);
    },
    subscribe(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    listen,
    start() {
      listen();
      return isHearing ? Promise.resolve() : new Promise((resolve) => void waitingToHear.push(resolve));
    },
    flush: publisher.flush,
    async stop() {
      await publisher.flush();
      await close();
      publisher.close();
      for (const resolve of waitingToHear.splice(0)) resolve();
    },
  };
}
