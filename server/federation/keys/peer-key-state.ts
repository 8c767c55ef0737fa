import { decodeBase64 } from '../../../protocol/base64.ts';
import type { KeyId } from '../../../protocol/ids.ts';
import type { KeyDocument } from '../../../protocol/key-document.ts';
import { KEY_FETCH_INTERVAL_SECONDS, KEY_FRESH_SECONDS, KEY_STALE_SECONDS } from '../../../protocol/limits.ts';
import { timestampToDate } from '../../../protocol/timestamp.ts';

/** How far ahead of this clock that of another process of the instance may be. */
const TOLERATED_SKEW_MS = 60_000;

/** How the last fetch of a domain's document ended. */
type FetchOutcome = 'document' | 'invalid' | 'gone' | 'unreachable';

/** A document that was accepted; instants in milliseconds since 1970. */
export interface KnownDocument {
  readonly document: KeyDocument;
  readonly json: string;
  /** 32 bytes each. */
  readonly keys: ReadonlyMap<KeyId, Uint8Array>;
  readonly fetchedAtMs: number;
  readonly freshUntilMs: number;
  /** Until when it may serve while its origin cannot be reached. */
  readonly staleUntilMs: number;
}

/** What one process knows of one domain's keys. */
export interface PeerKeyState {
  known: KnownDocument | null;
  /** Whether `known` is newer than what the store has. */
  unsaved: boolean;
  /** `detail` says of an unreachable origin what was in the way. */
  lastFetch: { readonly atMs: number; readonly outcome: FetchOutcome; readonly detail: string } | null;
}

/** Gives when a document fetched at `fetchedAtMs` stops being fresh; without max-age the limit of the text holds. @see docs/protocol.md [KEY-5] */
export function freshUntil(document: KeyDocument, fetchedAtMs: number, maxAgeSeconds: number | null): number {
  const freshSeconds = Math.min(KEY_FRESH_SECONDS, maxAgeSeconds ?? KEY_FRESH_SECONDS);
  return Math.min(fetchedAtMs + freshSeconds * 1_000, timestampToDate(document.validUntil).getTime());
}

/**
 * Builds what is kept of a document. Stale use is counted from the fetch, so that a delisted key is forgotten within
 * 24 hours, and ends with the document's own validity.
 * @see docs/protocol.md [KEY-5] [KEY-6]
 */
export function keepDocument(
  document: KeyDocument,
  { json, fetchedAtMs, freshUntilMs }: { json: string; fetchedAtMs: number; freshUntilMs: number },
): KnownDocument {
  return {
    document,
    json,
    keys: new Map(document.keys.map(({ kid, publicKey }) => [kid, decodeBase64(publicKey)])),
    fetchedAtMs,
    freshUntilMs,
    staleUntilMs: Math.min(fetchedAtMs + KEY_STALE_SECONDS * 1_000, timestampToDate(document.validUntil).getTime()),
  };
}

/**
 * Tells whether an instant was noted by a clock that ran ahead and has been put right since. How long ago it really was
 * nobody can say, so that nothing may be counted from it.
 */
function isAhead(atMs: number, nowMs: number): boolean {
  return atMs - nowMs > TOLERATED_SKEW_MS;
}

/** Tells whether another fetch of this domain must wait; one that was noted ahead of time bars nothing. @see docs/protocol.md [KEY-5] */
export function isBarred({ lastFetch }: PeerKeyState, nowMs: number): boolean {
  return lastFetch !== null && !isAhead(lastFetch.atMs, nowMs) && nowMs - lastFetch.atMs < KEY_FETCH_INTERVAL_SECONDS * 1_000;
}

/** Tells whether a document of this domain may still serve at all. */
export function isKnown({ known }: PeerKeyState, nowMs: number): boolean {
  return known !== null && !isAhead(known.fetchedAtMs, nowMs) && nowMs < known.staleUntilMs;
}

/** Gives the document that needs no fetch, null where there is none. @see docs/protocol.md [KEY-5] */
export function freshDocument({ known }: PeerKeyState, nowMs: number): KnownDocument | null {
  return known !== null && !isAhead(known.fetchedAtMs, nowMs) && nowMs < known.freshUntilMs ? known : null;
}

/** Tells whether the last attempt to fetch did not get as far as the domain's own word. @see docs/protocol.md [KEY-3] [KEY-4] */
export function isUnreachable({ lastFetch }: PeerKeyState): boolean {
  return lastFetch?.outcome === 'unreachable';
}

/**
 * Gives the document that may serve a lookup: the one just fetched for it, even where its max-age is 0, else a fresh
 * one, else one that outlives its freshness because its origin cannot be reached.
 * @see docs/protocol.md [KEY-5]
 */
export function usableDocument(state: PeerKeyState, { isFetched, nowMs }: { isFetched: boolean; nowMs: number }): KnownDocument | null {
  if (isFetched && state.lastFetch?.outcome === 'document') return state.known;
  const isStaleInUse = isUnreachable(state) && isKnown(state, nowMs);
  return freshDocument(state, nowMs) ?? (isStaleInUse ? state.known : null);
}

/** Ends the stale use of a document whose origin answered, but not with a document that counts. */
export function withoutStaleUse(known: KnownDocument | null): KnownDocument | null {
  return known === null ? null : { ...known, staleUntilMs: known.freshUntilMs };
}
