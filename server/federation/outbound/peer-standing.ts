import { HELLO_TARGET } from '../../../protocol/endpoints.ts';
import type { Domain } from '../../../protocol/ids.ts';
import type { Peer } from '../../domain/ports.ts';
import type { DrainOptions } from './drain-options.ts';
import { OWN_FAULT } from './peer-answer.ts';
import type { PeerAnswer } from './peer-answer.ts';

/** What a lane knows of its peer. */
export interface PeerStanding {
  /** Failures in a row. */
  failures: number;
  /** Whether the peer has to show itself, by one request at a time, before it gets more [DEL-4]. */
  isProbed: boolean;
  /** How often it showed itself to this lane. */
  shown: number;
  /** Whether something failed since then that may be the request's own fault. */
  isDoubted: boolean;
  /** Batches in a row that failed as such, without an item being found that was the cause. */
  failedBatches: number;
  successNotedAtMs: number;
}

/** How often it is worth a write that a peer takes what it is sent. */
const SUCCESS_GRAIN_MS = 60_000;

/** Builds what is known of a peer when a lane opens: one that failed, or whose circuit is open, is probed. */
export function standingOf(peer: Peer | null): PeerStanding {
  const failures = peer?.consecutiveFailures ?? 0;
  const isProbed = failures > 0 || (peer?.circuitOpenedAt ?? null) !== null;
  return { failures, isProbed, shown: 0, isDoubted: false, failedBatches: 0, successNotedAtMs: Number.NEGATIVE_INFINITY };
}

/** Notes that a peer showed itself; it is written down at once where it was in doubt, else once a minute. @see docs/protocol.md [DEL-4] */
export async function noteShown({ peers, clock, memory }: DrainOptions, domain: Domain, standing: PeerStanding): Promise<void> {
  const nowMs = clock.now().getTime();
  standing.shown += 1;
  standing.isDoubted = false;
  if (!standing.isProbed && Math.abs(nowMs - standing.successNotedAtMs) < SUCCESS_GRAIN_MS) return;
  Object.assign(standing, { failures: 0, isProbed: false, successNotedAtMs: nowMs });
  await peers.recordSuccess(domain, clock.now());
  memory.reach.forget(domain);
}

/** Is how a peer turned out when it was in doubt: it showed itself, it is believed to be there, or neither. */
export type Wellness = 'shown' | 'believed' | 'not_well';

const SERVER_FAULT_STATUS = 500;

/**
 * Tells whether a failure may be the own one of what was sent as well as the peer's: a fault of the server, a page of
 * something before it, a connection that broke once the request had left, an answer that nobody can read; that no answer
 * came in time only where the peer had failed already.
 */
export function isInDoubt(answer: PeerAnswer, { failures }: PeerStanding): boolean {
  if (answer === OWN_FAULT || answer.kind === 'success') return false;
  if (answer.kind === 'refused') return answer.status >= SERVER_FAULT_STATUS && answer.code !== 'key_unavailable';
  const { reason, sent = false, retryAfterSeconds } = answer;
  if (reason === 'timeout') return sent && failures > 0;
  return (reason === 'bad_answer' || reason === 'answer_not_authentic') && retryAfterSeconds === null;
}

/**
 * Finds out whether a peer is well although a request failed: a Full one by a hello. A Core one takes none, so it shows
 * itself by having taken something else meanwhile, and is believed to be well once; the next failure is its own.
 * @see docs/protocol.md [API-9] [DEL-1]
 */
export async function askWhetherWell(
  options: DrainOptions,
  domain: Domain,
  { standing, shownBefore }: { readonly standing: PeerStanding; readonly shownBefore: number },
): Promise<Wellness> {
  const { peerClient, logger } = options;
  try {
    if ((await peerClient.limitsForBatches(domain)) !== null) {
      const { kind } = await peerClient.send({ destination: domain, method: 'POST', target: HELLO_TARGET, body: '{}' });
      return kind === 'success' ? 'shown' : 'not_well';
    }
    if (!(await peerClient.isCore(domain))) return 'not_well';
  } catch (error) {
    logger.error({ err: error, destination: domain }, 'could not ask a peer whether it is well');
    return 'not_well';
  }
  if (standing.shown > shownBefore) return 'shown';
  if (standing.isDoubted) return 'not_well';
  standing.isDoubted = true;
  return 'believed';
}
