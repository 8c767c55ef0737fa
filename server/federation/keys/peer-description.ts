import type { PeerLimits } from '../../../protocol/key-document.ts';
import { MAX_BATCH_ITEMS, MAX_BODY_BYTES, MAX_PARTICIPANTS } from '../../../protocol/limits.ts';
import type { KnownDocument } from './peer-key-state.ts';

/** What a peer's signed key document says of it; `unavailable` where nothing is known and nothing can be had now, which is transient. */
export type PeerDescription =
  | { readonly kind: 'known'; readonly profile: 'core' | 'full'; readonly limits: PeerLimits }
  | { readonly kind: 'unavailable'; readonly detail: string };

/** Is what holds for a peer whose document nobody has seen. @see docs/protocol.md [KEY-2] */
export const CORE_PEER: PeerDescription = {
  kind: 'known',
  profile: 'core',
  limits: { maxBodyBytes: MAX_BODY_BYTES, maxBatchItems: MAX_BATCH_ITEMS, maxParticipants: MAX_PARTICIPANTS, maxMediaBytes: 0 },
};

/** Reads the description out of a document; every other profile than `full` is Core. @see docs/protocol.md [KEY-2] */
export function describeDocument({ document: { profile, limits } }: KnownDocument): PeerDescription {
  return { kind: 'known', profile: profile === 'full' ? 'full' : 'core', limits };
}
