import { isDeepStrictEqual } from 'node:util';
import { Base64Error } from '../../protocol/base64.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { IdentifierError } from '../../protocol/ids.ts';
import { StrictJsonError } from '../../protocol/json.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { RequestTargetError } from '../../protocol/request-target.ts';
import { SignatureHeaderError } from '../../protocol/signature-header.ts';
import { TimestampError } from '../../protocol/timestamp.ts';
import type { PrivateTestKeys, VectorError, VectorTest } from './vector-files.ts';

/** What the product makes of a case. */
export type Outcome = { readonly result: 'valid'; readonly expected: JsonObject } | { readonly result: 'invalid'; readonly error: VectorError };

/** What stands around a case in its file. */
export interface VectorContext<Given = unknown> {
  readonly given: Given;
  readonly keys: PrivateTestKeys;
}

/** Runs the product on the input of one type of group; each names the input that the schema promises. */
export type Judge = (input: never, context: VectorContext<never>) => Outcome | Promise<Outcome>;

/** Says that the product accepts, and what it makes of it, as JSON has it: minus zero is zero. */
export function accepted(expected: object = {}): Outcome {
  return { result: 'valid', expected: JSON.parse(JSON.stringify(expected)) };
}

/** Says that the product refuses, and why. */
export function refused(error: VectorError): Outcome {
  return { result: 'invalid', error };
}

/** Reads by something that throws; what is no refusal of the product stays an error. */
export async function attempt(read: () => object | Promise<object>): Promise<Outcome> {
  try {
    return accepted(await read());
  } catch (error) {
    return refused(refusalOf(error));
  }
}

function refusalOf(error: unknown): VectorError {
  if (error instanceof ProtocolError) return { code: error.code, ...(error.pointer !== undefined && { pointer: error.pointer }) };
  if (error instanceof StrictJsonError) return { code: 'invalid_json', reason: error.code };
  if (error instanceof RequestTargetError || error instanceof SignatureHeaderError) return { code: error.code };
  if (error instanceof IdentifierError || error instanceof TimestampError) return { code: 'invalid_body', reason: 'not_of_its_form' };
  if (error instanceof Base64Error) return { reason: error.code };
  throw error;
}

/** Finds what is different between a case and what the product made of it, null where nothing is. */
export function findDifference(test: VectorTest, outcome: Outcome): object | null {
  if (test.result === 'valid') {
    const isSame = outcome.result === 'valid' && isDeepStrictEqual(outcome.expected, test.expected);
    return isSame ? null : { stated: { result: 'valid', expected: test.expected }, found: outcome };
  }
  const isSame = outcome.result === 'invalid' && Object.entries(test.error).every(([name, value]) => value === { ...outcome.error }[name as keyof VectorError]);
  return isSame ? null : { stated: { result: 'invalid', error: test.error }, found: outcome };
}
