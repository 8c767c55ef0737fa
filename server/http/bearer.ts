import { createHash, timingSafeEqual } from 'node:crypto';

/** Tells in constant time whether an Authorization header carries this bearer token. @see RFC 6750 section 2.1 */
export function isBearer(authorization: string | null, secret: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  const token = /^Bearer +(.*)$/i.exec(authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(hash(token), hash(secret));
}
