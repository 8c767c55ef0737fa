import { Socket } from 'node:net';
import { vi } from 'vitest';

/** What this process tries to connect to, whether or not anybody is there. */
export interface DialledAddresses {
  /** `address port`, one for each attempt, oldest first. */
  readonly attempts: readonly string[];
  stop(): void;
}

/** Watches every TCP connection that this process opens, TLS or not. */
export function watchDialledAddresses(): DialledAddresses {
  const attempts: string[] = [];
  const original = Socket.prototype.connect;
  const watched = vi.spyOn(Socket.prototype, 'connect').mockImplementation(function connect(this: Socket, ...args: unknown[]) {
    attempts.push(describeTarget(args));
    return Reflect.apply(original, this, args);
  });
  return { attempts, stop: () => watched.mockRestore() };
}

function describeTarget(args: readonly unknown[]): string {
  // `net` passes its arguments on as a list, `tls` and the rest as they are.
  const [target, host] = Array.isArray(args[0]) ? (args[0] as readonly unknown[]) : args;
  if (typeof target !== 'object' || target === null || !('port' in target)) return `${String(host)} ${String(target)}`;
  return `${String(Reflect.get(target, 'host'))} ${String(target.port)}`;
}
