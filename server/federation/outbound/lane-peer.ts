import type { Domain } from '../../../protocol/ids.ts';
import type { DrainOptions } from './drain-options.ts';
import { noteShown, standingOf } from './peer-standing.ts';
import type { PeerStanding } from './peer-standing.ts';

/** How many requests are under way to one peer. */
const MAX_REQUESTS = 4;
const CHECK_EVERY_MS = 5_000;

/** What a lane knows of its peer, and how much it trusts it with. */
export class LanePeer {
  standing: PeerStanding = standingOf(null);
  readonly #options: DrainOptions;
  readonly #domain: Domain;
  #checkedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: DrainOptions, domain: Domain) {
    this.#options = options;
    this.#domain = domain;
  }

  /** Whether the peer answers quickly and has not failed since it last took something. */
  get isTrusted(): boolean {
    return !this.standing.isProbed && this.#options.memory.pace.isQuick(this.#domain);
  }

  /** How many requests may be under way: none before it is known how the peer stands. */
  get mostRequests(): number {
    if (this.#checkedAtMs === Number.NEGATIVE_INFINITY) return 0;
    return this.isTrusted ? MAX_REQUESTS : 1;
  }

  /** Learns how the peer stands, and every 5 s whether local policy shuts it out. */
  async isShutOut(): Promise<boolean> {
    const { peers, isBlocked, clock } = this.#options;
    const nowMs = clock.now().getTime();
    // A clock that was put back is behind the last check.
    if (nowMs >= this.#checkedAtMs && nowMs - this.#checkedAtMs < CHECK_EVERY_MS) return false;
    const isFirst = this.#checkedAtMs === Number.NEGATIVE_INFINITY;
    const [blocked, peer] = await Promise.all([isBlocked(this.#domain), isFirst ? peers.find(this.#domain) : null]);
    if (isFirst) this.standing = standingOf(peer);
    this.#checkedAtMs = nowMs;
    return blocked;
  }

  /** Notes that the peer showed itself. */
  noteShown(): Promise<void> {
    return noteShown(this.#options, this.#domain, this.standing);
  }
}
