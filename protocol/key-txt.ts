import { decodeBase64 } from './base64.ts';
import { parseKeyId } from './ids.ts';
import type { Domain, KeyId } from './ids.ts';

/** One federation key as a TXT record carries it; `publicKey` is base64 of 32 bytes. @see docs/protocol.md [KEY-4] */
export interface KeyTxt {
  readonly kid: KeyId;
  readonly publicKey: string;
}

const PUBLIC_KEY_BYTES = 32;
const KNOWN_TAGS: ReadonlySet<string> = new Set(['v', 'k', 'kid', 'p']);
const BLANKS = ' \t';

/** Gives the name under which a domain publishes its keys. @see docs/protocol.md [KEY-4] */
export function keyTxtName(domain: Domain): string {
  return `_securechat-s2s-key.${domain}`;
}

/** Gives the name under which a domain says where its server is. @see docs/protocol.md [DISC-1] */
export function srvName(domain: Domain): string {
  return `_securechat-s2s._tcp.${domain}`;
}

/** Writes the text of a key's record. @see docs/protocol.md [KEY-4] */
export function formatKeyTxt({ kid, publicKey }: KeyTxt): string {
  return `v=sc1; k=ed25519; kid=${kid}; p=${publicKey}`;
}

/**
 * Reads a record whose chunks were joined; null for every other record, which readers skip.
 * Known tags stand once, `v` first; unknown tags and a final `;` are ignored.
 * @see docs/protocol.md [KEY-4]
 */
export function parseKeyTxt(joined: string): KeyTxt | null {
  const tags = readTags(joined);
  if (tags === null || tags.get('v') !== 'sc1' || tags.get('k') !== 'ed25519') return null;
  const kid = tags.get('kid');
  const publicKey = tags.get('p');
  if (kid === undefined || publicKey === undefined) return null;
  try {
    return decodeBase64(publicKey).length === PUBLIC_KEY_BYTES ? { kid: parseKeyId(kid), publicKey } : null;
  } catch {
    return null;
  }
}

function readTags(joined: string): ReadonlyMap<string, string> | null {
  const pieces = joined.split(';').map(trimBlanks);
  if (pieces.at(-1) === '') pieces.pop();
  const tags = new Map<string, string>();
  for (const [index, piece] of pieces.entries()) {
    const equals = piece.indexOf('=');
    if (equals < 1) return null;
    const name = trimBlanks(piece.slice(0, equals));
    if (index === 0 && name !== 'v') return null;
    if (!KNOWN_TAGS.has(name)) continue;
    if (tags.has(name)) return null;
    tags.set(name, trimBlanks(piece.slice(equals + 1)));
  }
  return tags;
}

/** Takes blanks off both ends, in one step for each: a pattern for the end would begin anew at every blank inside. */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && BLANKS.includes(text.charAt(start))) start += 1;
  while (end > start && BLANKS.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}
