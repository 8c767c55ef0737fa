import type { Random } from './random.ts';

const LOWER = 'abcdefghijklmnopqrstuvwxyz0123456789';
const URL_SAFE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function letters(random: Random, alphabet: string, length: number): string {
  let text = '';
  while (text.length < length) text += alphabet.charAt(random.below(alphabet.length));
  return text;
}

/** Makes a length near one of the bounds, or any below the last of them. */
function lengthNear(random: Random, ...bounds: readonly number[]): number {
  const longest = Math.max(...bounds);
  return Math.max(1, random.once(4) ? random.pick(bounds) - 1 + random.below(3) : 1 + random.below(Math.min(longest, 12)));
}

function makeLabel(random: Random): string {
  const length = lengthNear(random, 1, 63);
  const text = letters(random, length > 2 && random.once(3) ? `${LOWER}--` : LOWER, length);
  return random.once(12) ? `xn--${text.slice(0, 59)}` : text;
}

export function makeDomain(random: Random): string {
  const labels = Array.from({ length: 1 + random.below(random.once(20) ? 8 : 3) }, () => makeLabel(random));
  return `${labels.join('.')}.${random.pick(['test', 'com', 'example', 'xn--p1ai', 'b2', 'x'])}`;
}

export function makeUserId(random: Random): string {
  const length = lengthNear(random, 1, 32);
  const middle = length > 2 ? letters(random, `${LOWER}._-`, length - 2) : '';
  return `${letters(random, LOWER, 1)}${middle}${length > 1 ? letters(random, LOWER, 1) : ''}@${makeDomain(random)}`;
}

export function makeConversationId(random: Random): string {
  if (random.once(4)) return letters(random, `${URL_SAFE}.~:`, lengthNear(random, 1, 276));
  return `${letters(random, URL_SAFE, 21)}${random.pick([...'AQgw'])}:${makeDomain(random)}`;
}

export function makeMessageId(random: Random): string {
  const hex = (length: number): string => letters(random, '0123456789abcdef', length);
  return `${hex(8)}-${hex(4)}-7${hex(3)}-${random.pick([...'89ab'])}${hex(3)}-${hex(12)}`;
}

export function makeCoreMessageId(random: Random): string {
  return Buffer.from(random.bytes(32)).toString('base64url');
}

export function makeKeyId(random: Random): string {
  return letters(random, URL_SAFE, lengthNear(random, 1, 32));
}

/** Makes a timestamp; some of them name days, hours or seconds that do not exist. */
export function makeTimestamp(random: Random): string {
  if (random.once(2)) return new Date(1_600_000_000_000 + random.below(2 ** 31) * 300).toISOString();
  const two = (limit: number): string => String(random.below(limit)).padStart(2, '0');
  const year = random.pick(['0000', '0001', '1900', '2000', '2023', '2024', '2100', '9999', String(1_000 + random.below(9_000))]);
  return `${year}-${two(14)}-${two(33)}T${two(25)}:${two(61)}:${two(61)}.${String(random.below(1_000)).padStart(3, '0')}Z`;
}

export function makeBase64(random: Random, length: number): string {
  return Buffer.from(random.bytes(length)).toString('base64');
}

/** Makes a value of the signature header: six parameters in any order. */
export function makeSignatureHeader(random: Random): string {
  const parameters = [
    `keyId="${makeDomain(random)}"`,
    `kid="${makeKeyId(random)}"`,
    `destination="${makeDomain(random)}"`,
    `created="${random.once(8) ? letters(random, '0123456789', 10) : String(1_795_000_000 + random.below(1_000))}"`,
    `nonce="${Buffer.from(random.bytes(16)).toString('base64url')}"`,
    `signature="${makeBase64(random, 64)}"`,
  ];
  const order = random.once(3) ? parameters.toSorted(() => random.below(3) - 1) : parameters;
  return order.join(random.pick([',', ', ', ',   ']));
}

/** Makes a request-target such as the endpoints have, or of any plain segments. */
export function makeRequestTarget(random: Random): string {
  const prefix = '/federation/v1';
  switch (random.below(5)) {
    case 0:
      return `${prefix}/users/${makeUserId(random)}/public_key`;
    case 1:
      return `${prefix}/conversations/${makeConversationId(random)}/session_key`;
    case 2:
      return `${prefix}/${random.pick(['messages', 'conversations', 'batch', 'events', 'hello'])}`;
    case 3:
      return `${prefix}/media/${letters(random, URL_SAFE, 22)}`;
    default:
      return Array.from({ length: 1 + random.below(6) }, () => `/${letters(random, `${URL_SAFE}.~@:`, lengthNear(random, 1, 40))}`).join('');
  }
}

/** Makes the text of a key's record. */
export function makeKeyTxt(random: Random): string {
  const blank = (): string => random.pick(['', '', ' ', '  ', '\t']);
  const others = [`k=ed25519`, `kid=${makeKeyId(random)}`, `p=${makeBase64(random, 32)}`, ...(random.once(4) ? [`x=${letters(random, LOWER, 5)}`] : [])];
  const tags = ['v=sc1', ...(random.once(3) ? others.toSorted(() => random.below(3) - 1) : others)];
  return tags.map((tag) => `${blank()}${tag}${blank()}`).join(';') + random.pick(['', '', ';', '; ']);
}
