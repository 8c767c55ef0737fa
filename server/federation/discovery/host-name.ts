import { parseDomain } from '../../../protocol/ids.ts';

/** Tells whether a text names a host as domains are named: lower-case labels, no address, no trailing dot. @see docs/protocol.md [ID-2] */
export function isHostName(text: string): boolean {
  try {
    return parseDomain(text) === text;
  } catch {
    return false;
  }
}
