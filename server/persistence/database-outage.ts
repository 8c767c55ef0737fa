import pg from 'pg';
import { StoreUnavailableError } from '../domain/store-unavailable-error.ts';

/** Connection exceptions, too few resources, shutting down or cancelled, faults of the system around the server. */
const OUTAGE_CLASSES = new Set(['08', '53', '57', '58']);
/** What the operating system says of a way to a server that is not there. */
const OUTAGE_ERRNOS = new Set(['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
/** Prisma's codes for the same, and for a transaction that could not begin or outlived its connection. */
const OUTAGE_PRISMA_CODES = new Set(['P1001', 'P1002', 'P1008', 'P1011', 'P1017', 'P2024', 'P2028', 'P2037']);
/** What its adapter calls them. */
const OUTAGE_KINDS = new Set(['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TooManyConnections', 'TlsConnectionError']);
/** `pg` throws plain errors for connections that ended, or did not answer in time. */
const OUTAGE_MESSAGES = /^(?:Connection terminated|Connection ended|Client has encountered a connection error|Client was closed|Query read timeout|timeout expired|timeout exceeded when trying to connect)/;
/** Errors stand within each other: Prisma's around the adapter's around the driver's. */
const MAX_DEPTH = 6;

/**
 * Lets every method of these stores throw {@link StoreUnavailableError} where the database could not be asked, or may
 * not have heard; whatever else they throw stays as it is. `onReturn` is told of the first answer after such a one.
 */
export function reportOutages<Stores extends Readonly<Record<string, object>>>(stores: Stores, onReturn: () => void = () => undefined): Stores {
  let isAway = false;
  const watch: OutageWatch = {
    failed(error) {
      if (error instanceof StoreUnavailableError || !isDatabaseOutage(error)) return error;
      isAway = true;
      return new StoreUnavailableError({ cause: error });
    },
    answered() {
      if (!isAway) return;
      isAway = false;
      onReturn();
    },
  };
  const entries = Object.entries(stores).map(([name, store]) => [name, reportOutagesOf(store, watch)] as const);
  return { ...stores, ...Object.fromEntries(entries) };
}

interface OutageWatch {
  /** Gives what is thrown in the place of an error. */
  failed(error: unknown): unknown;
  answered(): void;
}

/** Tells whether an error says that the database is away: by the words of the system, of PostgreSQL, of `pg` or of Prisma. */
export function isDatabaseOutage(error: unknown): boolean {
  return findsOutage(error, MAX_DEPTH);
}

function reportOutagesOf<Store extends object>(store: Store, watch: OutageWatch): Store {
  const wrapped = new Map<unknown, unknown>();
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      const known = wrapped.get(member);
      if (known !== undefined) return known;
      const method = (...values: unknown[]): unknown => {
        const outcome: unknown = Reflect.apply(member, target, values);
        // What Prisma gives is no Promise until somebody asks for its value.
        return typeof valueAt(outcome, 'then') === 'function' ? watchOutcome(Promise.resolve(outcome), watch) : outcome;
      };
      wrapped.set(member, method);
      return method;
    },
  });
}

async function watchOutcome(outcome: Promise<unknown>, { failed, answered }: OutageWatch): Promise<unknown> {
  try {
    const result = await outcome;
    answered();
    return result;
  } catch (error) {
    throw failed(error);
  }
}

function findsOutage(error: unknown, depth: number): boolean {
  if (depth === 0 || typeof error !== 'object' || error === null) return false;
  if (saysOutage(error)) return true;
  const inner: unknown[] = [valueAt(error, 'cause'), valueAt(valueAt(error, 'meta'), 'driverAdapterError')];
  if (error instanceof AggregateError) inner.push(...error.errors);
  return inner.some((one) => findsOutage(one, depth - 1));
}

function saysOutage(error: object): boolean {
  const code = textAt(error, 'code');
  if (error instanceof pg.DatabaseError) return isOutageState(code);
  if (OUTAGE_PRISMA_CODES.has(textAt(error, 'errorCode')) || OUTAGE_PRISMA_CODES.has(code)) return true;
  if (OUTAGE_KINDS.has(textAt(error, 'kind')) || isOutageState(textAt(error, 'originalCode'))) return true;
  return OUTAGE_ERRNOS.has(code) || (error instanceof Error && OUTAGE_MESSAGES.test(error.message));
}

function isOutageState(sqlState: string): boolean {
  return sqlState.length === 5 && OUTAGE_CLASSES.has(sqlState.slice(0, 2));
}

function textAt(value: object, name: string): string {
  const member = valueAt(value, name);
  return typeof member === 'string' ? member : '';
}

function valueAt(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
