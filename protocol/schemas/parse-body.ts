import type { z } from 'zod';
import { ProtocolError } from '../errors.ts';

/**
 * Reads a body by its schema; throws {@link ProtocolError} `invalid_body` with the RFC 6901 pointer of the first bad
 * member, in the order in which the schema names them. A schema names every member that can be bad, so the pointer
 * never echoes input.
 * @see docs/protocol.md [ERR-1] [ERR-2]
 */
export function parseBody<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw new ProtocolError('invalid_body', { pointer: jsonPointer(read.error.issues[0]?.path ?? []) });
}

function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
