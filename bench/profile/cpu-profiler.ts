import type { BenchInstance } from '../ground/bench-ground.ts';
import { findInspector } from '../ground/bench-ground.ts';
import type { CpuProfile } from './summarize-profile.ts';

/** A profile that is being taken of a running server. */
export interface RunningProfile {
  /** Ends it and gives what was seen. */
  stop(): Promise<CpuProfile>;
}

const INTERVAL_US = 250;

/** Begins to sample the CPU of an instance that was started with an inspector. */
export async function startCpuProfile(instance: BenchInstance): Promise<RunningProfile> {
  const inspector = await connect(await findInspector(instance));
  await inspector.call('Profiler.enable');
  await inspector.call('Profiler.setSamplingInterval', { interval: INTERVAL_US });
  await inspector.call('Profiler.start');
  return {
    async stop() {
      const { profile } = await inspector.call('Profiler.stop');
      inspector.close();
      if (profile === undefined) throw new Error(`${instance.domain}'s inspector gave no profile`);
      return profile;
    },
  };
}

interface Reply {
  readonly profile?: CpuProfile;
}

interface Inspector {
  call(method: string, params?: object): Promise<Reply>;
  close(): void;
}

/** Speaks the protocol of Node's inspector (Chrome DevTools, domain Profiler). */
async function connect(url: string): Promise<Inspector> {
  const socket = new WebSocket(url);
  const waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>();
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error('the inspector does not answer')));
  });
  socket.addEventListener('message', ({ data }) => {
    const reply = JSON.parse(String(data)) as { id?: number; result?: Reply; error?: { message: string } };
    const waiter = waiting.get(reply.id ?? -1);
    if (reply.error === undefined) waiter?.resolve(reply.result ?? {});
    else waiter?.reject(new Error(reply.error.message));
  });
  let lastId = 0;
  return {
    call(method, params = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<Reply>();
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      socket.send(JSON.stringify({ id: lastId, method, params }));
      return promise;
    },
    close: () => socket.close(),
  };
}
