import { formatUserId, parseUsername } from '../../../protocol/ids.ts';
import type { Domain, UserId } from '../../../protocol/ids.ts';
import type { KeyDocument } from '../../../protocol/key-document.ts';
import type { Clock, PeerPolicy } from '../../domain/ports.ts';
import type { PeerEndpoint } from '../../federation/discovery/peer-connector.ts';
import type { OwnKeys } from '../../federation/keys/own-keys.ts';
import type { StrictEd25519 } from '../../federation/keys/strict-ed25519.ts';
import type { Network } from '../../network.ts';
import type { Finding, Step, StepId, Subject } from './finding.ts';

/** What a walk needs of the world; `random` gives numbers from 0 up to 1. */
export interface Doctor {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: () => number;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly ed25519: StrictEd25519;
  readonly ownKeys: OwnKeys;
  /** Where the operator says that peers are, instead of DNS. */
  readonly staticPeers: ReadonlyMap<Domain, { readonly host: string; readonly port: number }>;
  /** Gives what the operator said of a domain, null where the database cannot be looked at. */
  readonly findStoredPolicy: (domain: Domain) => Promise<PeerPolicy | null>;
  /** Whether this machine says that its clock follows a time server. */
  readonly clockSynchronised: boolean;
}

/** What the walk through one domain found. */
export interface Examination {
  readonly steps: readonly Step[];
  readonly document: KeyDocument | null;
  /** Where requests can be sent, best first. */
  readonly places: readonly PeerEndpoint[];
  readonly offsetSeconds: number | null;
}

/** Collects the steps of one domain. */
export interface StepRecord {
  readonly steps: readonly Step[];
  /** Adds a step and tells whether what stands on it can be looked at. */
  add(id: StepId, finding: Finding): boolean;
}

const MAX_USERNAME = 32;
const MAX_USER_ID = 255;

/** Creates an empty record. */
export function createStepRecord({ side }: Subject): StepRecord {
  const steps: Step[] = [];
  return {
    steps,
    add(id, finding) {
      steps.push({ id, side, ...finding });
      return finding.status === 'ok' || finding.status === 'warn';
    },
  };
}

/** Names a user of a domain whom nobody will ever have registered. */
export function improbableUser(domain: Domain, randomBytes: Doctor['randomBytes']): UserId {
  const letters = `d${Buffer.from(randomBytes(MAX_USERNAME)).toString('hex')}`;
  return formatUserId(parseUsername(letters.slice(0, Math.min(MAX_USERNAME, MAX_USER_ID - domain.length - 1))), domain);
}
