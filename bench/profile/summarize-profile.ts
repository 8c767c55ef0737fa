import { round } from '../statistics.ts';
import { stageOf } from './stages.ts';
import type { Frame } from './stages.ts';

interface ProfileNode {
  readonly id: number;
  readonly callFrame: Frame & { readonly lineNumber: number };
  readonly children?: readonly number[];
}

/** A CPU profile as V8 gives it; times are in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly endTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Where a server's one thread spent its time, in microseconds for each message, and how much of the time it was idle. */
export interface ProfileSummary {
  readonly busyShare: number;
  readonly usPerMessageByStage: Readonly<Record<string, number>>;
  /** The packages and folders that most time was spent in itself. */
  readonly topPlaces: readonly { readonly place: string; readonly usPerMessage: number }[];
  /** The functions that most time was spent in itself. */
  readonly topFunctions: readonly { readonly name: string; readonly usPerMessage: number }[];
}

const SHOWN = 12;

/** Sums a profile up by stage, by package or folder, and by function. */
export function summarizeProfile(profile: CpuProfile, messages: number): ProfileSummary {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const selfUs = new Map<number, number>();
  profile.samples.forEach((id, index) => selfUs.set(id, (selfUs.get(id) ?? 0) + (profile.timeDeltas[index] ?? 0)));
  const [stages, places, functions] = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()];
  let idleUs = 0;
  for (const [id, us] of selfUs) {
    const frame = nodes.get(id)?.callFrame;
    if (frame === undefined) continue;
    if (frame.functionName === '(idle)') {
      idleUs += us;
      continue;
    }
    add(stages, stageOf(stackOf(id, nodes, parents)), us);
    add(places, placeOf(frame), us);
    add(functions, `${frame.functionName === '' ? '(anonymous)' : frame.functionName} ${placeOf(frame)}:${frame.lineNumber + 1}`, us);
  }
  const each = (us: number): number => round(us / messages, 1);
  return {
    busyShare: round(1 - idleUs / (profile.endTime - profile.startTime), 3),
    usPerMessageByStage: Object.fromEntries(descending(stages).map(([name, us]) => [name, each(us)])),
    topPlaces: descending(places).slice(0, SHOWN).map(([place, us]) => ({ place, usPerMessage: each(us) })),
    topFunctions: descending(functions).slice(0, SHOWN).map(([name, us]) => ({ name, usPerMessage: each(us) })),
  };
}

/** Gives the frames from the innermost outwards. */
function stackOf(id: number, nodes: ReadonlyMap<number, ProfileNode>, parents: ReadonlyMap<number, number>): readonly Frame[] {
  const stack: Frame[] = [];
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
    const frame = nodes.get(at)?.callFrame;
    if (frame !== undefined) stack.push(frame);
  }
  return stack;
}

/** Names a package by its name, our own code by its file, and Node's by its module. */
function placeOf({ url, functionName }: Frame): string {
  if (url === '') return functionName.startsWith('(') ? functionName : 'native';
  const inPackage = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (inPackage !== undefined) return inPackage;
  if (url.startsWith('node:')) return url;
  return /\/((?:server|protocol|e2ee|client|app)\/.*)$/.exec(url)?.[1] ?? url;
}

function add(sums: Map<string, number>, name: string, us: number): void {
  sums.set(name, (sums.get(name) ?? 0) + us);
}

function descending(sums: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...sums].toSorted(([, one], [, other]) => other - one);
}
