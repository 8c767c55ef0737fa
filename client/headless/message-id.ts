import type { RandomBytes } from '../../e2ee/random.ts';
import { parseMessageId } from '../../protocol/ids.ts';
import type { MessageId } from '../../protocol/ids.ts';

/** Makes a UUIDv7: 48 bits of Unix milliseconds, the rest random but version and variant. @see RFC 9562 section 5.7; docs/protocol.md [ID-4] */
export function createMessageId(now: Date, random: RandomBytes): MessageId {
  const time = now.getTime().toString(16).padStart(12, '0');
  const bytes = random(10);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const variant = (0x8 | ((bytes[2] ?? 0) & 0x3)).toString(16);
  return parseMessageId(
    `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant}${hex.slice(5, 8)}-${hex.slice(8)}`,
  );
}
