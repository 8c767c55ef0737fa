import type { BenchmarkContext } from '../benchmark.ts';
import { scaled } from '../benchmark.ts';
import type { BenchGround, BenchInstance } from '../ground/bench-ground.ts';
import { createMessageMaker } from '../load/message-maker.ts';
import { measureEd25519 } from './measure-ed25519.ts';
import { measureHttps } from './measure-https.ts';
import type { HttpsLimit } from './measure-https.ts';
import { measureInserts } from './measure-inserts.ts';
import type { InsertLimit } from './measure-inserts.ts';

/** What this machine could do at most, measured in the run that is compared with it. */
export interface Limits {
  readonly https: HttpsLimit;
  readonly ed25519: { readonly verificationsPerSecond: number };
  readonly inserts: InsertLimit;
}

const REQUESTS = 20_000;
const ROWS = 50_000;

/** Measures the limits, one after the other, while the servers of the ground are idle. */
export async function measureLimits(ground: BenchGround, instance: BenchInstance, context: BenchmarkContext): Promise<Limits> {
  context.log('measuring the limits: a bare HTTPS listener, Ed25519, inserts …');
  const sample = createMessageMaker({ conversationId: 'AAECAwQFBgcICQoLDA0ODw:a.test', senderId: 'alice@a.test' })();
  const body = JSON.stringify({ ...sample, senderId: 'alice@a.test', recipientServerDomain: instance.domain });
  return {
    https: await measureHttps(ground, { body, requests: scaled(REQUESTS, context) }),
    ed25519: measureEd25519(),
    inserts: await measureInserts(instance.databaseUrl, { sample, rows: scaled(ROWS, context) }),
  };
}

/** Writes limits as figures of a result. */
export function limitFigures({ https, ed25519, inserts }: Limits) {
  return {
    httpsRequestsPerSecond: https.requestsPerSecond,
    httpsP50Ms: https.p50Ms,
    ed25519VerificationsPerSecond: ed25519.verificationsPerSecond,
    insertedRowsPerSecond: inserts.rowsPerSecond,
    singleInsertsPerSecond: inserts.singlesPerSecond,
    singleInsertP50Ms: inserts.singleP50Ms,
  };
}
