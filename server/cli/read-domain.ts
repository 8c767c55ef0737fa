import { IdentifierError, parseDomain } from '../../protocol/ids.ts';
import type { Domain } from '../../protocol/ids.ts';
import { UsageError } from './exit.ts';

/** Reads a domain that an operator typed. @throws UsageError that says what a domain is */
export function readDomain(text: string): Domain {
  try {
    return parseDomain(text);
  } catch (error) {
    if (error instanceof IdentifierError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
