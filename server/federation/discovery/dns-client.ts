import { getServers } from 'node:dns';

import { encodeDnsQuery, findCname, findSoa, normalizeDnsName, NOERROR, NXDOMAIN, readDnsReply, readRecords } from './dns-message.ts';
import type { DnsData, DnsReply, DnsType } from './dns-message.ts';
import { exchangeTcp, exchangeUdp } from './dns-transport.ts';
import type { DnsExchange, DnsServer } from './dns-transport.ts';

/** Why a query has no answer; all of them are transient. @see docs/protocol.md [DISC-1] */
type DnsFailureReason = 'servfail' | 'refused' | 'timeout' | 'unreachable' | 'malformed' | 'cname_loop';

/**
 * What DNS says: records with the smallest TTL on the way to them, a certain "no" (`ttlSeconds` null where nothing
 * bounds it, so that it is not kept), or that nobody could tell.
 * @see docs/protocol.md [DISC-3]
 */
export type DnsAnswer<Type extends DnsType = DnsType> =
  | { readonly kind: 'records'; readonly records: readonly DnsData[Type][]; readonly ttlSeconds: number; readonly authenticated: boolean }
  | { readonly kind: 'nxdomain' | 'nodata'; readonly ttlSeconds: number | null }
  | { readonly kind: 'failure'; readonly reason: DnsFailureReason };

/** Asks DNS. */
export interface DnsClient {
  query<Type extends DnsType>(name: string, type: Type): Promise<DnsAnswer<Type>>;
}

/** What {@link createDnsClient} needs; `timeoutMs` bounds one packet's wait, `randomInt` gives 0 to `below` − 1. */
interface DnsClientOptions {
  readonly servers: readonly DnsServer[];
  readonly timeoutMs: number;
  readonly randomInt: (below: number) => number;
}

const MAX_CHAIN = 8;
const ROUNDS = 2; // UDP loses packets
const MAX_TTL_SECONDS = 86_400;
const MAX_NEGATIVE_TTL_SECONDS = 300;
const SIGN_BIT = 2 ** 31;
const DNS_PORT = 53;

/**
 * Creates a stub resolver that reads answers from the wire: UDP, TCP on truncation, each server in turn, twice.
 * Follows CNAME chains of at most 8 without loops.
 * @see docs/protocol.md [DISC-2] [DISC-3]
 */
export function createDnsClient(options: DnsClientOptions): DnsClient {
  return { query: (name, type) => followChain(options, normalizeDnsName(name), type) };
}

/** Lists the DNS servers that this machine is set up with. */
export function systemDnsServers(): readonly DnsServer[] {
  return getServers().map(parseServer);
}

function parseServer(text: string): DnsServer {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text);
  const plain = bracketed ?? /^([^:]+)(?::(\d+))?$/.exec(text);
  return { host: plain?.[1] ?? text, port: Number(plain?.[2] ?? DNS_PORT) };
}

async function followChain<Type extends DnsType>(options: DnsClientOptions, name: string, type: Type): Promise<DnsAnswer<Type>> {
  const visited = new Set([name]);
  let owner = name;
  let ttlSeconds = MAX_TTL_SECONDS;
  let authenticated = true;
  for (;;) {
    const reply = await ask(options, owner, type);
    if (typeof reply === 'string') return { kind: 'failure', reason: reply };
    authenticated &&= reply.authenticated;
    const askedFor = owner;
    for (let alias = findCname(reply.answers, owner); alias !== null; alias = findCname(reply.answers, owner)) {
      owner = alias.target;
      ttlSeconds = Math.min(ttlSeconds, boundedTtl(alias.ttl));
      if (visited.has(owner) || visited.size > MAX_CHAIN) return { kind: 'failure', reason: 'cname_loop' };
      visited.add(owner);
    }
    const { records, ttls } = readRecords(reply.answers, owner, type);
    if (reply.rcode === NOERROR && records.length > 0) {
      return { kind: 'records', records, ttlSeconds: Math.min(ttlSeconds, ...ttls.map(boundedTtl)), authenticated };
    }
    const soa = findSoa(reply.authorities);
    // A server that is no resolver stops at the alias; one that followed it and found nothing says so with an SOA.
    if (reply.rcode === NOERROR && owner !== askedFor && soa === null) continue;
    return { kind: reply.rcode === NXDOMAIN ? 'nxdomain' : 'nodata', ttlSeconds: soa && negativeTtl(soa, ttlSeconds) };
  }
}

/** A TTL with the sign bit counts as 0 (RFC 2181 section 8). */
function boundedTtl(ttl: number): number {
  return ttl >= SIGN_BIT ? 0 : Math.min(ttl, MAX_TTL_SECONDS);
}

function negativeTtl(soa: { readonly ttl: number; readonly minimum: number }, chainTtlSeconds: number): number {
  return Math.min(boundedTtl(soa.ttl), boundedTtl(soa.minimum), MAX_NEGATIVE_TTL_SECONDS, chainTtlSeconds);
}

/** Gives a reply with rcode NOERROR or NXDOMAIN, or the last reason why there is none. */
async function ask(options: DnsClientOptions, name: string, type: DnsType): Promise<DnsReply | DnsFailureReason> {
  let failure: DnsFailureReason = 'unreachable';
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const server of options.servers) {
      const reply = await askServer(options, server, { name, type });
      if (typeof reply === 'string') failure = reply;
      else if (reply.rcode === NOERROR || reply.rcode === NXDOMAIN) return reply;
      else failure = reply.rcode === 2 ? 'servfail' : 'refused';
    }
    // Only silence is worth the same question again: what a server said, it would say once more.
    if (failure !== 'timeout') break;
  }
  return failure;
}

async function askServer(
  { timeoutMs, randomInt }: DnsClientOptions,
  server: DnsServer,
  { name, type }: { readonly name: string; readonly type: DnsType },
): Promise<DnsReply | DnsFailureReason> {
  const question = { id: randomInt(0x1_0000), name, type };
  const query = tryEncode(() => encodeDnsQuery(question));
  if (query === null) return 'malformed';
  const exchange: DnsExchange<DnsReply | 'malformed'> = {
    server,
    query,
    timeoutMs,
    read: (bytes) => {
      const reply = readDnsReply(bytes, question);
      return reply === 'foreign' ? null : reply;
    },
  };
  const reply = await exchangeUdp(exchange);
  if (typeof reply === 'string' || !reply.truncated) return reply;
  const whole = await exchangeTcp(exchange);
  return typeof whole !== 'string' && whole.truncated ? 'malformed' : whole;
}

function tryEncode(encode: () => Uint8Array): Uint8Array | null {
  try {
    return encode();
  } catch {
    return null;
  }
}
