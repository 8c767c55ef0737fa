import type { Domain, KeyId } from '../../../protocol/ids.ts';
import type { Clock, PeerStore } from '../../domain/ports.ts';
import type { KeyDocumentVerdict } from './fetch-key-document.ts';
import type { FindTxtKeys } from './find-txt-keys.ts';
import { CORE_PEER, describeDocument } from './peer-description.ts';
import type { PeerDescription } from './peer-description.ts';
import { freshDocument, freshUntil, isBarred, isKnown, isUnreachable, keepDocument, usableDocument, withoutStaleUse } from './peer-key-state.ts';
import type { KnownDocument, PeerKeyState } from './peer-key-state.ts';
import { createRecentMap } from './recent-map.ts';
import { storedDocument } from './stored-document.ts';
import { createWaitingStrangers } from './waiting-strangers.ts';
import type { WaitingStrangers } from './waiting-strangers.ts';

const MAX_REMEMBERED_DOMAINS = 10_000;

/** What a lookup of a peer's key came to; `publicKey` is 32 bytes, `stale` says that its origin cannot be reached. */
export type PeerKeyAnswer =
  | { readonly kind: 'key'; readonly publicKey: Uint8Array; readonly stale: boolean }
  | { readonly kind: 'unknown_key' }
  | { readonly kind: 'unavailable' }
  | { readonly kind: 'rate_limited' };

/** Who asks: a stranger is a request that is not authenticated, as opposed to this server with business of its own. */
interface Asker {
  readonly isStranger?: boolean;
}

/** The federation keys of other domains. Strangers beyond 32 who would wait for one domain get `rate_limited`. */
export interface PeerKeys {
  /**
   * Finds the key `kid` of a domain, fetching its document where none is fresh or the fresh one does not list it.
   * `mayFetch` is asked just before the fetch of a domain without a cached document; false gives `rate_limited`.
   */
  findKey(domain: Domain, kid: KeyId, options: Asker & { mayFetch: () => boolean }): Promise<PeerKeyAnswer>;
  /** Looks once more after a signature failed under the key at hand; the same key as before means it is the right one. */
  refetchAfterFailure(domain: Domain, kid: KeyId, asker?: Asker): Promise<PeerKeyAnswer>;
  /** Fetches the document anew where the 60 s since the last attempt are over; what becomes of it shows in the next lookup. */
  refetch(domain: Domain): Promise<void>;
  /**
   * Gives the `host:port` endpoints that the domain's document lists: `absent` where the domain answers that it has
   * no document, `unavailable` where none can be had.
   */
  endpoints(domain: Domain): Promise<readonly string[] | 'absent' | 'unavailable'>;
  /**
   * Says what the domain's document says of it, fetching it where none is fresh. What a document once accepted said
   * holds until a newer one is accepted, however long that takes: nobody makes a Full peer Core by hiding its document.
   */
  describe(domain: Domain): Promise<PeerDescription>;
  /** Stores the document that served a request, once the request is authenticated [SIG-10]. */
  saveDocument(domain: Domain): Promise<void>;
}

interface PeerKeysOptions {
  readonly peers: PeerStore;
  readonly fetchDocument: (domain: Domain) => Promise<KeyDocumentVerdict>;
  /** Absent where keys in DNS are never read. */
  readonly findTxtKeys?: FindTxtKeys;
  readonly clock: Clock;
}

type Refresh = 'fetched' | 'barred' | 'rate_limited';

/** A state, the fetch under way, which all who wait for the same domain share, and what DNS said since the last one. */
interface Entry {
  readonly state: PeerKeyState;
  refreshing: Promise<void> | null;
  txtKeys: ReturnType<FindTxtKeys> | null;
  readonly waiting: WaitingStrangers;
}

/**
 * Creates the lookup of peers' keys: a memory of this process in front of the store, filled from key documents.
 *
 * Keys in DNS stand in while the last attempt to fetch the document did not reach it and no document is fresh or stale.
 * They belong to that attempt: they are looked up once, when first needed, and forgotten with the next one, so that the
 * bar of 60 s bounds both and the document is tried first each time. They can only turn `unavailable` into a key;
 * a kid that they do not have stays `unavailable`.
 * @see docs/protocol.md [KEY-3] [KEY-4] [KEY-5]
 */
export function createPeerKeys({ peers, fetchDocument, findTxtKeys = async () => new Map(), clock }: PeerKeysOptions): PeerKeys {
  const entries = createRecentMap<Domain, Promise<Entry>>(MAX_REMEMBERED_DOMAINS);
  const nowMs = (): number => clock.now().getTime();

  function entryOf(domain: Domain): Promise<Entry> {
    const known = entries.get(domain);
    if (known !== undefined) return known;
    const loading = loadEntry(domain);
    entries.set(domain, loading);
    loading.catch(() => entries.delete(domain));
    return loading;
  }

  async function loadEntry(domain: Domain): Promise<Entry> {
    const known = storedDocument(await peers.find(domain));
    const lastFetch = known && { atMs: known.fetchedAtMs, outcome: 'document' as const, detail: '' };
    return { state: { known, unsaved: false, lastFetch }, refreshing: null, txtKeys: null, waiting: createWaitingStrangers() };
  }

  async function refresh(domain: Domain, entry: Entry, mayFetch: () => boolean): Promise<Refresh> {
    if (entry.refreshing === null) {
      if (isBarred(entry.state, nowMs())) return 'barred';
      if (!isKnown(entry.state, nowMs()) && !mayFetch()) return 'rate_limited';
      entry.txtKeys = null;
      entry.refreshing = entry.waiting.whilePending(fetchInto(domain, entry.state)).finally(() => {
        entry.refreshing = null;
      });
    }
    await entry.refreshing;
    return 'fetched';
  }

  async function fetchInto(domain: Domain, state: PeerKeyState): Promise<void> {
    const atMs = nowMs();
    // Noted before it begins: an attempt that ends by an exception bars the next one too.
    state.lastFetch = { atMs, outcome: 'unreachable', detail: 'the attempt broke off' };
    const verdict = await fetchDocument(domain);
    state.lastFetch = { atMs, outcome: verdict.kind, detail: verdict.kind === 'unreachable' ? verdict.detail : '' };
    if (verdict.kind === 'document') {
      const { document, json, maxAgeSeconds } = verdict;
      state.known = keepDocument(document, { json, fetchedAtMs: atMs, freshUntilMs: freshUntil(document, atMs, maxAgeSeconds) });
      state.unsaved = true;
    } else if (verdict.kind !== 'unreachable') {
      state.known = withoutStaleUse(state.known);
    }
  }

  /** Gives the keys in DNS where they count: the origin cannot be reached and no document stands in for it. */
  async function standInKeys(domain: Domain, entry: Entry): ReturnType<FindTxtKeys> {
    if (!isUnreachable(entry.state)) return new Map();
    entry.txtKeys ??= entry.waiting.whilePending(findTxtKeys(domain));
    return entry.txtKeys;
  }

  async function judge(domain: Domain, entry: Entry, lookup: Lookup): Promise<PeerKeyAnswer> {
    const { state } = entry;
    const moment = { ...lookup, nowMs: nowMs() };
    const usable = usableDocument(state, moment);
    if (usable !== null) return judgeByDocument(state, usable, moment);
    const publicKey = (await standInKeys(domain, entry)).get(lookup.kid);
    if (publicKey !== undefined) return { kind: 'key', publicKey, stale: true };
    return { kind: isUnreachable(state) ? 'unavailable' : 'unknown_key' };
  }

  /**
   * Gives the document that holds now, fetched where none is fresh, and keeps it across restarts. While barred the one
   * just fetched serves, even with max-age 0: it says where the peer is, not whose signature is good.
   */
  async function currentDocument(domain: Domain, entry: Entry): Promise<KnownDocument | null> {
    const { state } = entry;
    if (freshDocument(state, nowMs()) === null) await refresh(domain, entry, () => true);
    await saveDocument(domain);
    return usableDocument(state, { isFetched: true, nowMs: nowMs() });
  }

  async function saveDocument(domain: Domain): Promise<void> {
    const { state } = await entryOf(domain);
    const { known } = state;
    if (known === null || !state.unsaved) return;
    state.unsaved = false;
    try {
      const { json, fetchedAtMs, freshUntilMs } = known;
      await peers.saveKeyDocument(domain, { json, fetchedAt: new Date(fetchedAtMs), freshUntil: new Date(freshUntilMs) });
    } catch (error) {
      state.unsaved = true;
      throw error;
    }
  }

  return {
    async findKey(domain, kid, { mayFetch, isStranger = false }) {
      const entry = await entryOf(domain);
      const publicKey = freshDocument(entry.state, nowMs())?.keys.get(kid);
      if (publicKey !== undefined) return { kind: 'key', publicKey, stale: false };
      return inTurn(entry, isStranger, async () => {
        const refreshed = await refresh(domain, entry, mayFetch);
        if (refreshed !== 'rate_limited') return judge(domain, entry, { kid, isFetched: refreshed === 'fetched' });
        // Nothing was learnt: domains that a stranger only names must not push out those that are used.
        if (entry.state.known === null) entries.delete(domain);
        return { kind: 'rate_limited' };
      });
    },
    async refetchAfterFailure(domain, kid, { isStranger = false } = {}) {
      const entry = await entryOf(domain);
      return inTurn(entry, isStranger, async () => {
        await refresh(domain, entry, () => true);
        // While barred the document of the failed verification still serves it: that its kid is listed decides.
        return judge(domain, entry, { kid, isFetched: true });
      });
    },
    async refetch(domain) {
      await refresh(domain, await entryOf(domain), () => true);
    },
    async endpoints(domain) {
      const entry = await entryOf(domain);
      const usable = await currentDocument(domain, entry);
      if (usable !== null) return usable.document.endpoints;
      return entry.state.lastFetch?.outcome === 'gone' ? 'absent' : 'unavailable';
    },
    async describe(domain) {
      const entry = await entryOf(domain);
      const { state } = entry;
      const usable = await currentDocument(domain, entry);
      // Another process may have learnt since what this one never did.
      const remembered = usable ?? state.known ?? storedDocument(await peers.find(domain));
      if (remembered !== null) return describeDocument(remembered);
      const isAuthentic = !isUnreachable(state) || (await standInKeys(domain, entry)).size > 0;
      return isAuthentic ? CORE_PEER : { kind: 'unavailable', detail: state.lastFetch?.detail ?? '' };
    },
    saveDocument,
  };
}

async function inTurn({ waiting }: Entry, isStranger: boolean, lookUp: () => Promise<PeerKeyAnswer>): Promise<PeerKeyAnswer> {
  const answer = isStranger ? await waiting.admit(lookUp) : await lookUp();
  return answer === 'crowded' ? { kind: 'rate_limited' } : answer;
}

interface Lookup {
  readonly kid: KeyId;
  /** Whether an attempt to fetch was made for this very lookup. */
  readonly isFetched: boolean;
}

function judgeByDocument(state: PeerKeyState, usable: KnownDocument, { kid, isFetched, nowMs }: Lookup & { nowMs: number }): PeerKeyAnswer {
  const publicKey = usable.keys.get(kid);
  if (publicKey !== undefined) return { kind: 'key', publicKey, stale: isUnreachable(state) && nowMs >= usable.freshUntilMs };
  // A kid that may just have been listed: only the fetch could have told, and it is the fetch that failed.
  return { kind: isUnreachable(state) && isFetched ? 'unavailable' : 'unknown_key' };
}
