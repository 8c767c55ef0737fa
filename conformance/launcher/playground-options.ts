import type { Command } from './managed-process.ts';
import type { PeerPlace } from './places.ts';

/** What a playground consists of; commands run in the root of the project, and what is optional has a default. */
export interface PlaygroundOptions {
  readonly domains: readonly string[];
  /** Foreign servers that DNS and every instance shall find. */
  readonly peers: readonly PeerPlace[];
  /** Where everything is kept; wiped at the start and removed at the end. */
  readonly directory: string;
  /** Receives one line for each step and for each process that ends by itself. */
  readonly log: (line: string) => void;
  /** Interrupts the start, which then cleans up and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly serverCommand?: Command;
  readonly driverCommand?: Command;
  /** `null` for no build. */
  readonly buildCommand?: Command | null;
  /** The first ports to be tried. */
  readonly firstWebPort?: number;
  readonly firstS2sPort?: number;
  readonly readyTimeoutMs?: number;
  /** How long a process may take to end after SIGTERM. */
  readonly stopTimeoutMs?: number;
}
