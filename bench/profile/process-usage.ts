import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { BenchInstance } from '../ground/bench-ground.ts';
import { round } from '../statistics.ts';

/** Processor time in microseconds since its process began. */
interface Usage {
  readonly serverUs: number;
  /** Of the PostgreSQL that the server started, all its processes together. */
  readonly databaseUs: number;
}

/** What one message costs in processor time, in microseconds, by who spends it; null where the system does not tell. */
export type CpuPerMessage = Readonly<Record<string, number>> | null;

/** Linux counts in hundredths of a second for every program that asks. */
const TICK_US = 10_000;

/**
 * Begins to watch the processor time of instances and of this process, which is the load; the answer ends it. `null`
 * on systems without `/proc`.
 */
export function watchCpu(instances: readonly BenchInstance[]): (messages: number) => CpuPerMessage {
  const before = instances.map(readUsage);
  const load = process.cpuUsage();
  const startedAtMs = performance.now();
  return (messages) => {
    const elapsedUs = (performance.now() - startedAtMs) * 1_000;
    const spent: Record<string, number> = {};
    for (const [index, instance] of instances.entries()) {
      const [from, to] = [before[index], readUsage(instance)];
      if (from === undefined || from === null || to === null) return null;
      spent[`${instance.domain} server`] = to.serverUs - from.serverUs;
      spent[`${instance.domain} database`] = to.databaseUs - from.databaseUs;
    }
    const { user, system } = process.cpuUsage(load);
    spent['load'] = user + system;
    const totalUs = Object.values(spent).reduce((sum, one) => sum + one, 0);
    const each = Object.fromEntries(Object.entries(spent).map(([name, us]) => [name, round(us / messages, 1)]));
    return { ...each, total: round(totalUs / messages, 1), machineBusyShare: round(totalUs / elapsedUs / availableParallelism(), 3) };
  };
}

/** Gives the resident memory of a process and its peak, in MiB; null where the system does not tell. */
export function readMemory(pid: number): { readonly residentMiB: number; readonly peakMiB: number } | null {
  const status = readProc(`${pid}/status`);
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status ?? '')?.[1] ?? Number.NaN);
  return status === null ? null : { residentMiB: round(kib('VmRSS') / 1_024, 1), peakMiB: round(kib('VmHWM') / 1_024, 1) };
}

/** Gives the processes that a process started and those that they did. */
function findDescendants(pid: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? readStat(Number(name)) : null;
    if (stat !== null) parents.set(Number(name), stat.parent);
  }
  const isBelow = (child: number): boolean => {
    for (let at = parents.get(child); at !== undefined && at > 1; at = parents.get(at)) if (at === pid) return true;
    return false;
  };
  return [...parents.keys()].filter(isBelow);
}

function readUsage({ pid }: BenchInstance): Usage | null {
  const own = readStat(pid);
  if (own === null) return null;
  const below = findDescendants(pid).map(readStat);
  // What children did that have ended is counted at their parent.
  const databaseUs = below.reduce((sum, stat) => sum + (stat === null ? 0 : stat.ownUs + stat.endedChildrenUs), 0);
  return { serverUs: own.ownUs, databaseUs };
}

function readStat(pid: number): { readonly parent: number; readonly ownUs: number; readonly endedChildrenUs: number } | null {
  const stat = readProc(`${pid}/stat`);
  if (stat === null) return null;
  // proc(5): the name in brackets may hold anything; parent is field 4, utime to cstime are 14 to 17.
  const fields = stat.replace(/^.*\) /s, '').split(' ').map(Number);
  const ticks = (field: number): number => (fields[field - 3] ?? 0) * TICK_US;
  return { parent: fields[1] ?? 0, ownUs: ticks(14) + ticks(15), endedChildrenUs: ticks(16) + ticks(17) };
}

function readProc(path: string): string | null {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return null;
  }
}
