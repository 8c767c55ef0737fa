import { domainOf, parseDomain, parseUserId, parseUsername, usernameOf } from '../../../protocol/ids.ts';

/** What a typed address amounts to; where it is wrong, `part` is the wrong piece as it was folded. */
export type AddressInput =
  | { readonly kind: 'address'; readonly userId: string }
  | { readonly kind: 'empty' | 'missing_username' | 'missing_domain' | 'too_long' }
  | { readonly kind: 'missing_at' | 'bad_username' | 'bad_domain'; readonly part: string };

function holds(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}

/** Reads what a person typed as an address: blanks around it and capitals are forgiven, all else is named. @see docs/protocol.md [ID-1] */
export function readAddress(text: string): AddressInput {
  const folded = text.trim().toLowerCase();
  if (folded === '') return { kind: 'empty' };
  const at = folded.indexOf('@');
  if (at === -1) return { kind: 'missing_at', part: folded };
  const username = folded.slice(0, at);
  const domain = folded.slice(at + 1);
  if (username === '') return { kind: 'missing_username' };
  if (domain === '') return { kind: 'missing_domain' };
  if (!holds(() => parseUsername(username))) return { kind: 'bad_username', part: username };
  if (!holds(() => parseDomain(domain))) return { kind: 'bad_domain', part: domain };
  try {
    return { kind: 'address', userId: parseUserId(folded) };
  } catch {
    return { kind: 'too_long' };
  }
}

/** Splits a well-formed user id for display; a text that is none stands whole as the name. */
export function splitUserId(userId: string): { readonly username: string; readonly domain: string } {
  try {
    const id = parseUserId(userId);
    return { username: usernameOf(id), domain: domainOf(id) };
  } catch {
    return { username: userId, domain: '' };
  }
}
