import type { Logger } from 'pino';
import { ERROR_REGISTRY, PROBLEM_MEDIA_TYPE, problemDocument, ProtocolError } from '../../../protocol/errors.ts';
import type { Domain } from '../../../protocol/ids.ts';
import { StoreUnavailableError } from '../../domain/store-unavailable-error.ts';
import type { TrafficObserver } from '../../domain/traffic-observer.ts';
import type { Refusal } from './federation-exchange.ts';
import { MethodNotAllowedError } from './routes/find-route.ts';

const REQUEST_ID_BYTES = 16;
const FIRST_SERVER_FAULT = 500;

/** What the log says of a request; never its body nor its target, which names people. */
export interface Trace {
  readonly requestId: string;
  readonly method: string;
  route: string | null;
  /** The domain that the signature names, proven once `isAuthentic`. */
  keyId: Domain | null;
  isAuthentic: boolean;
  /** Which item of a batch is meant, counted from 0; absent for the request itself. */
  readonly item?: number;
}

/** Gives requests their names and turns what was thrown into what is answered. */
export interface Refusals {
  /** Makes a new `requestId`: 32 hex digits. */
  newRequestId(): string;
  /** Logs what was thrown and gives its problem; what nobody foresaw is `internal_error`. */
  refuse(error: unknown, trace: Trace): Refusal;
}

/** Creates the refusals. @see docs/protocol.md [ERR-1] [ERR-2]; RFC 9457 */
export function createRefusals({ randomBytes, traffic, logger }: { randomBytes: (length: number) => Uint8Array; traffic: TrafficObserver; logger: Logger }): Refusals {
  return {
    newRequestId: () => Buffer.from(randomBytes(REQUEST_ID_BYTES)).toString('hex'),
    refuse(error, trace) {
      const refusal = refusalFor(error);
      traffic.rejected('remote', refusal.code);
      note(refusal, trace, logger);
      return problemOf(refusal, trace.requestId);
    },
  };
}

function refusalFor(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  return new ProtocolError(error instanceof StoreUnavailableError ? 'unavailable' : 'internal_error', { cause: error });
}

function note(refusal: ProtocolError, trace: Trace, logger: Logger): void {
  const { status } = ERROR_REGISTRY[refusal.code];
  const entry = { ...trace, status, code: refusal.code };
  if (refusal.code === 'internal_error') logger.error({ ...entry, err: refusal.cause }, 'federation request failed');
  else if (status >= FIRST_SERVER_FAULT) logger.warn({ ...entry, err: refusal.cause }, 'federation request not served');
  else logger.info(entry, 'federation request refused');
}

function problemOf(refusal: ProtocolError, requestId: string): Refusal {
  const { code, retryAfterSeconds } = refusal;
  return {
    code,
    status: ERROR_REGISTRY[code].status,
    body: problemDocument(refusal, requestId),
    headers: {
      'content-type': PROBLEM_MEDIA_TYPE,
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
      ...(refusal instanceof MethodNotAllowedError && { allow: refusal.allow }),
    },
  };
}
