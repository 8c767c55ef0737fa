import type { Figure } from '../benchmark.ts';
import type { BenchInstance } from '../ground/bench-ground.ts';
import { startCpuProfile } from './cpu-profiler.ts';
import { summarizeProfile } from './summarize-profile.ts';
import type { ProfileSummary } from './summarize-profile.ts';

/** Profiles of several servers at once. */
export interface ServerProfiles {
  /** Ends them all; the answer is one summary per domain, under `profiles`. */
  stop(messages: number): Promise<{ readonly profiles: Figure }>;
}

/** Begins to profile servers that were started with an inspector. */
export async function profileServers(instances: readonly BenchInstance[]): Promise<ServerProfiles> {
  const running = await Promise.all(instances.map(async (instance) => ({ domain: instance.domain, profile: await startCpuProfile(instance) })));
  return {
    async stop(messages) {
      const entries = await Promise.all(
        running.map(async ({ domain, profile }) => [domain, asFigure(summarizeProfile(await profile.stop(), messages))] as const),
      );
      return { profiles: Object.fromEntries(entries) };
    },
  };
}

/** Writes a summary as figures of a result. */
export function asFigure(summary: ProfileSummary): Figure {
  const { busyShare, usPerMessageByStage, topPlaces, topFunctions } = summary;
  return {
    busyShare,
    usPerMessageByStage: { ...usPerMessageByStage },
    topPlaces: topPlaces.map((one) => ({ ...one })),
    topFunctions: topFunctions.map((one) => ({ ...one })),
  };
}
