import { publicIdentityOf, verifyPublicIdentity } from '../../e2ee/identity.ts';
import type { PublicIdentity } from '../../e2ee/identity.ts';
import { safetyNumber } from '../../e2ee/safety-number.ts';
import { encodeBase64 } from '../../protocol/base64.ts';
import { domainOf, parseUserId } from '../../protocol/ids.ts';
import type { UserId } from '../../protocol/ids.ts';
import { publicKeyAnswer } from '../../protocol/schemas/public-key-answer.ts';
import { ClientError } from '../client-error.ts';
import type { LookupOutcome } from '../model.ts';
import type { InstanceClient } from '../trpc/instance-client.ts';
import { callInstance, clientErrorOf } from '../trpc/instance-error.ts';
import type { ClientClock } from './clock.ts';
import type { EventHub } from './event-hub.ts';
import { comparePin, findPin, pinIdentity } from './pins.ts';
import type { VaultKeeper } from './vault-keeper.ts';

/** What is known of the keys of a person, pinned. */
export type KnownIdentity = Pick<PublicIdentity, 'userId' | 'publicKey' | 'signingKey'>;

/** What fetching an identity came to. */
type FetchedIdentity =
  | { readonly kind: 'found'; readonly identity: PublicIdentity }
  | Exclude<LookupOutcome, { readonly kind: 'found' | 'invalid_id' | 'self' }>;

/** Knows people by the keys they were first seen with [E2E-2]. */
export interface Contacts {
  lookup(text: string): Promise<LookupOutcome>;
  safetyNumber(userId: UserId): Promise<string>;
  /** Asks the person's server, verifies and pins; own keys come from the vault. */
  fetch(userId: UserId): Promise<FetchedIdentity>;
  /** Gives the pinned keys of a person, fetched and pinned where they were never seen; null where that fails. */
  find(userId: UserId): Promise<KnownIdentity | null>;
  /** Gives the signing keys (b64) that were ever pinned for a person, the newest first; none where nothing is known. */
  signingKeysOf(userId: UserId): Promise<readonly string[]>;
  /** Looks again at a person whose listed key is none of the pinned ones; asks no server twice within seconds. */
  refresh(userId: UserId): Promise<void>;
  /** Looks again, in the background, at those whose keys were not fetched for a while. */
  refreshSoon(userIds: readonly UserId[]): void;
}

const FRESH_MS = 10 * 60_000;
const PAUSE_MS = 5_000;
const PAUSE_AFTER_FAILURE_MS = 30_000;

/** Reads a user id as a person types it: blanks around it and upper case are theirs; null where it is none. @see docs/protocol.md [ID-1] */
export function foldUserId(text: string): UserId | null {
  try {
    return parseUserId(text.trim().toLowerCase());
  } catch {
    return null;
  }
}

/** Creates the contacts of the person signed in. */
export function createContacts(options: {
  readonly api: InstanceClient;
  readonly vault: VaultKeeper;
  readonly clock: ClientClock;
  readonly events: EventHub;
}): Contacts {
  const { api, vault, clock, events } = options;
  const self = vault.account().userId;
  const fetchedAt = new Map<UserId, number>();
  const failedAt = new Map<UserId, number>();
  const underway = new Map<UserId, Promise<FetchedIdentity>>();
  let own: PublicIdentity | null = null;

  /** Signing takes tweetnacl some milliseconds, so it is done once for each version of the keys. */
  function ownIdentity(): PublicIdentity {
    const { identity } = vault.contents();
    if (own?.keyVersion !== identity.keyVersion) own = publicIdentityOf(identity);
    return own;
  }

  async function pin(identity: PublicIdentity): Promise<void> {
    const change = comparePin(vault.contents(), identity);
    if (change === 'same') return;
    await vault.change((contents) => pinIdentity(contents, identity, clock.now()));
    // What cannot be saved now is saved with the next change or connection.
    vault.save().catch(() => undefined);
    if (change !== 'first') events.emit({ kind: 'conversations', conversationId: null });
  }

  async function fetchOther(userId: UserId): Promise<FetchedIdentity> {
    const answer = await callInstance(api.contacts.lookup.query({ userId }));
    if (answer.kind !== 'found') return answer;
    const parsed = publicKeyAnswer.safeParse(answer.identity);
    const verdict = parsed.success ? verifyPublicIdentity(userId, parsed.data) : { verified: false as const };
    if (!verdict.verified) return { kind: 'bad_identity', domain: domainOf(userId) };
    await pin(verdict.identity);
    fetchedAt.set(userId, clock.now().getTime());
    failedAt.delete(userId);
    return { kind: 'found', identity: verdict.identity };
  }

  function fetch(userId: UserId): Promise<FetchedIdentity> {
    if (userId === self) return Promise.resolve({ kind: 'found', identity: ownIdentity() });
    const running = underway.get(userId);
    if (running !== undefined) return running;
    const fetching = fetchOther(userId).finally(() => underway.delete(userId));
    underway.set(userId, fetching);
    return fetching;
  }

  /** Does not ask a server again and again that just failed, and never rejects. */
  async function fetchCalmly(userId: UserId): Promise<void> {
    const now = clock.now().getTime();
    if (now - (failedAt.get(userId) ?? -Infinity) < PAUSE_AFTER_FAILURE_MS) return;
    const answer = await fetch(userId).catch(clientErrorOf);
    if (answer instanceof ClientError || answer.kind !== 'found') failedAt.set(userId, now);
  }

  async function find(userId: UserId): Promise<KnownIdentity | null> {
    if (userId === self) return ownIdentity();
    if (findPin(vault.contents(), userId) === null) await fetchCalmly(userId);
    const pinned = findPin(vault.contents(), userId);
    return pinned === null ? null : { userId, publicKey: pinned.publicKey, signingKey: pinned.signingKey };
  }

  async function safetyNumberWith(userId: UserId): Promise<string> {
    // The newest keys count; a server that is silent now leaves the pinned ones.
    await fetchCalmly(userId);
    const other = await find(userId);
    if (other === null) throw new ClientError('participant_unavailable');
    return safetyNumber(ownIdentity(), other);
  }

  return {
    async lookup(text) {
      const userId = foldUserId(text);
      if (userId === null) return { kind: 'invalid_id' };
      if (userId === self) return { kind: 'self' };
      const answer = await fetch(userId);
      if (answer.kind !== 'found') return answer;
      // Its thousands of rounds would hold up a page that only wants to write to somebody.
      return { kind: 'found', userId, safetyNumber: null };
    },
    safetyNumber: safetyNumberWith,
    fetch,
    find,
    async refresh(userId) {
      const age = clock.now().getTime() - (fetchedAt.get(userId) ?? -Infinity);
      if (userId !== self && age >= PAUSE_MS) await fetchCalmly(userId);
    },
    async signingKeysOf(userId) {
      if (userId === self) {
        const { identity, former } = vault.contents();
        return [identity, ...former].map(({ signingKey }) => encodeBase64(signingKey));
      }
      await find(userId);
      const pinned = findPin(vault.contents(), userId);
      return pinned === null ? [] : [pinned.signingKey, ...pinned.earlier];
    },
    refreshSoon(userIds) {
      const now = clock.now().getTime();
      for (const userId of userIds) {
        const stale = now - (fetchedAt.get(userId) ?? -Infinity) >= FRESH_MS;
        if (userId !== self && stale) void fetchCalmly(userId);
      }
    },
  };
}
