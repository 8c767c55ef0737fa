import type { Domain, KeyId } from '../../../protocol/ids.ts';
import { KeyDocumentError, parseKeyDocument } from '../../../protocol/key-document.ts';
import type { KeyDocument } from '../../../protocol/key-document.ts';
import type { Clock, Peer, PeerStore } from '../../domain/ports.ts';
import type { KeyDocumentVerdict } from './fetch-key-document.ts';
import { freshDocument, freshUntil, isBarred, isKnown, keepDocument, staleDocument, withoutStaleUse } from './peer-key-state.ts';
import type { KnownDocument, PeerKeyState } from './peer-key-state.ts';
import { createRecentMap } from './recent-map.ts';

const MAX_REMEMBERED_DOMAINS = 10_000;

/** What a lookup of a peer's key came to; `publicKey` is 32 bytes, `stale` says that its origin cannot be reached. */
export type PeerKeyAnswer =
  | { readonly kind: 'key'; readonly publicKey: Uint8Array; readonly stale: boolean }
  | { readonly kind: 'unknown_key' }
  | { readonly kind: 'unavailable' }
  | { readonly kind: 'rate_limited' };

/** The federation keys of other domains. */
export interface PeerKeys {
  /**
   * Finds the key `kid` of a domain, fetching its document where none is fresh or the fresh one does not list it.
   * `mayFetch` is asked just before the fetch of a domain without a cached document; false gives `rate_limited`.
   */
  findKey(domain: Domain, kid: KeyId, options: { mayFetch: () => boolean }): Promise<PeerKeyAnswer>;
  /** Looks once more after a signature failed under the key at hand; the same key as before means it is the right one. */
  refetchAfterFailure(domain: Domain, kid: KeyId): Promise<PeerKeyAnswer>;
  /**
   * Gives the `host:port` endpoints that the domain's document lists: `absent` where the domain answers that it has
   * no document, `unavailable` where none can be had.
   */
  endpoints(domain: Domain): Promise<readonly string[] | 'absent' | 'unavailable'>;
  /** Stores the document that served a request, once the request is authenticated [SIG-10]. */
  saveDocument(domain: Domain): Promise<void>;
}

interface PeerKeysOptions {
  readonly peers: PeerStore;
  readonly fetchDocument: (domain: Domain) => Promise<KeyDocumentVerdict>;
  readonly clock: Clock;
}

type Refresh = 'fetched' | 'barred' | 'rate_limited';

/** A state and the fetch under way, which all who wait for the same domain share. */
interface Entry {
  readonly state: PeerKeyState;
  refreshing: Promise<void> | null;
}

/**
 * Creates the lookup of peers' keys: a memory of this process in front of the store. Documents are the only source;
 * the DNS record of a key, where it can authenticate, would be a second one behind `fetchDocument`.
 * @see docs/protocol.md [KEY-3] [KEY-4] [KEY-5]
 */
export function createPeerKeys({ peers, fetchDocument, clock }: PeerKeysOptions): PeerKeys {
  const entries = createRecentMap<Domain, Promise<Entry>>(MAX_REMEMBERED_DOMAINS);
  const nowMs = (): number => clock.now().getTime();

  function entryOf(domain: Domain): Promise<Entry> {
    const known = entries.get(domain);
    if (known !== undefined) return known;
    const loading = peers.find(domain).then((peer): Entry => ({ state: stateOf(peer), refreshing: null }));
    entries.set(domain, loading);
    loading.catch(() => entries.delete(domain));
    return loading;
  }

  async function refresh(domain: Domain, entry: Entry, mayFetch: () => boolean): Promise<Refresh> {
    if (entry.refreshing === null) {
      if (isBarred(entry.state, nowMs())) return 'barred';
      if (!isKnown(entry.state, nowMs()) && !mayFetch()) return 'rate_limited';
      entry.refreshing = fetchInto(domain, entry.state).finally(() => {
        entry.refreshing = null;
      });
    }
    await entry.refreshing;
    return 'fetched';
  }

  async function fetchInto(domain: Domain, state: PeerKeyState): Promise<void> {
    const atMs = nowMs();
    // Noted before it begins: an attempt that ends by an exception bars the next one too.
    state.lastFetch = { atMs, outcome: 'unreachable' };
    const verdict = await fetchDocument(domain);
    state.lastFetch = { atMs, outcome: verdict.kind };
    if (verdict.kind === 'document') {
      const { document, json, maxAgeSeconds } = verdict;
      state.known = keepDocument(document, { json, fetchedAtMs: atMs, freshUntilMs: freshUntil(document, atMs, maxAgeSeconds) });
      state.unsaved = true;
    } else if (verdict.kind !== 'unreachable') {
      state.known = withoutStaleUse(state.known);
    }
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
    async findKey(domain, kid, { mayFetch }) {
      const entry = await entryOf(domain);
      const publicKey = freshDocument(entry.state, nowMs())?.keys.get(kid);
      if (publicKey !== undefined) return { kind: 'key', publicKey, stale: false };
      const refreshed = await refresh(domain, entry, mayFetch);
      // Nothing was learnt: domains that a stranger only names must not push out those that are used.
      if (refreshed === 'rate_limited') entries.delete(domain);
      return judge(entry.state, kid, { refresh: refreshed, nowMs: nowMs() });
    },
    async refetchAfterFailure(domain, kid) {
      const entry = await entryOf(domain);
      return judge(entry.state, kid, { refresh: await refresh(domain, entry, () => true), nowMs: nowMs() });
    },
    async endpoints(domain) {
      const entry = await entryOf(domain);
      const { state } = entry;
      const refreshed = freshDocument(state, nowMs()) === null ? await refresh(domain, entry, () => true) : 'barred';
      const usable = usableDocument(state, { refresh: refreshed, nowMs: nowMs() });
      if (usable === null) return state.lastFetch?.outcome === 'gone' ? 'absent' : 'unavailable';
      await saveDocument(domain);
      return usable.document.endpoints;
    },
    saveDocument,
  };
}

function stateOf(peer: Peer | null): PeerKeyState {
  const { keyDocument: json, keyFetchedAt, keyFreshUntil } = peer ?? { keyDocument: null, keyFetchedAt: null, keyFreshUntil: null };
  const document = json === null ? null : readStored(json);
  if (json === null || document === null || keyFetchedAt === null || keyFreshUntil === null) {
    return { known: null, unsaved: false, lastFetch: null };
  }
  const fetchedAtMs = keyFetchedAt.getTime();
  const known = keepDocument(document, { json, fetchedAtMs, freshUntilMs: keyFreshUntil.getTime() });
  return { known, unsaved: false, lastFetch: { atMs: fetchedAtMs, outcome: 'document' } };
}

function readStored(json: string): KeyDocument | null {
  try {
    return parseKeyDocument(Buffer.from(json, 'utf8'));
  } catch (error) {
    // Stored under other rules: as good as never fetched.
    if (error instanceof KeyDocumentError) return null;
    throw error;
  }
}

interface Moment {
  readonly refresh: Refresh;
  readonly nowMs: number;
}

function usableDocument(state: PeerKeyState, { refresh, nowMs }: Moment): KnownDocument | null {
  // What was fetched for this very lookup serves it, even where its max-age is 0.
  const served = refresh === 'fetched' && state.lastFetch?.outcome === 'document' ? state.known : null;
  return served ?? freshDocument(state, nowMs) ?? staleDocument(state, nowMs);
}

function judge(state: PeerKeyState, kid: KeyId, moment: Moment): PeerKeyAnswer {
  if (moment.refresh === 'rate_limited') return { kind: 'rate_limited' };
  const isUnreachable = state.lastFetch?.outcome === 'unreachable';
  const usable = usableDocument(state, moment);
  if (usable === null) return { kind: isUnreachable ? 'unavailable' : 'unknown_key' };
  const publicKey = usable.keys.get(kid);
  if (publicKey !== undefined) return { kind: 'key', publicKey, stale: isUnreachable && moment.nowMs >= usable.freshUntilMs };
  // A kid that may just have been listed: only the fetch could have told, and it is the fetch that failed.
  return { kind: isUnreachable && moment.refresh === 'fetched' ? 'unavailable' : 'unknown_key' };
}
