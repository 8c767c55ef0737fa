import { createForeignKeys } from './foreign-signer.ts';
import { startNamed } from './named-server.ts';
import type { NamedServer } from './named-server.ts';
import { signZone } from './signed-zone.ts';

/** Is what stands before a domain in the name of its SRV records [DISC-1]. */
export const SRV = '_securechat-s2s._tcp';
/** Is what stands before a domain in the name of its keys [KEY-4]. */
export const TXT = '_securechat-s2s-key';
/** Are the keys in every TXT record of the zones. */
export const recordedKeys = createForeignKeys('named-1');
/** Is how many SRV records `crowd.peers.test` has. */
export const CROWD = 40;
/** The longest piece of text that one string of a record holds. */
const MAX_CHUNK = 255;

/** An alias that leads to another, `length` times, then to a record. */
function chain(domain: string, length: number): string {
  const names = [`${SRV}.${domain}`, ...Array.from({ length }, (_, index) => `${domain}-${index + 1}`)];
  const aliases = names.slice(0, -1).map((name, index) => `${name} CNAME ${names[index + 1]}`);
  return [...aliases, `${names.at(-1)} SRV 0 0 8448 s2s`].join('\n');
}

/** More records than one packet holds, each with a target that is as long as names are. */
const crowd = Array.from({ length: CROWD }, (_, index) => `${SRV}.crowd SRV ${index} 0 8448 s2s-${index}.${'long-label'.repeat(6)}.peers.test.`);

/** The key of a server as the text of a TXT record [KEY-4], cut into strings of this length. */
function keyText(length = MAX_CHUNK): string {
  const text = `v=sc1; k=ed25519; kid=${recordedKeys.kid}; p=${recordedKeys.publicKeyBase64}`;
  return (text.match(new RegExp(`.{1,${length}}`, 'g')) ?? []).map((chunk) => `"${chunk}"`).join(' ');
}

/** What else may stand at a name, too much of it for a packet. */
const strangers = Array.from({ length: 12 }, (_, index) => `${TXT}.crowd TXT "v=other${index}" "${'x'.repeat(200)}"`);

const SOA = { ttl: 300, minimum: 60 };

const zoneHead = (zone: string, soa: { readonly ttl: number; readonly minimum: number }): string => `
$ORIGIN ${zone}.
$TTL 300
@ ${soa.ttl} IN SOA ns hostmaster 1 3600 600 86400 ${soa.minimum}
@ NS ns
ns A 127.0.0.1
s2s A 127.0.0.1
`;

const PEERS_ZONE = `${zoneHead('peers.test', SOA)}
${SRV}.ttl-0   0   SRV 0 0 8448 s2s
${SRV}.ttl-2   2   SRV 0 0 8448 s2s
${SRV}.ttl-300 300 SRV 0 0 8448 s2s
${SRV}.alias   2   CNAME ${SRV}.ttl-300
${SRV}.mixed       SRV 5 0 7001 One.Peers.Test.
${SRV}.mixed       SRV 1 0 7002 two
${SRV}.nodata      TXT "nothing of this kind"
${SRV}.nowhere     SRV 0 0 0 .
${SRV}.partly      SRV 0 0 0 .
${SRV}.partly      SRV 9 0 8448 s2s
${SRV}.weights     SRV 10 90 8448 heavy
${SRV}.weights     SRV 10 10 8448 light
${SRV}.weights     SRV 20 60000 8448 spare
${SRV}.loop        CNAME loop-1
loop-1             CNAME loop-2
loop-2             CNAME loop-1
${SRV}.abroad      CNAME ${SRV}.abroad.neighbour.test.
${SRV}.there       CNAME ${SRV}.back.neighbour.test.
${TXT}.ttl-0       0   TXT ${keyText()}
${TXT}.ttl-2       2   TXT ${keyText()}
${TXT}.ttl-300     300 TXT ${keyText()}
${TXT}.chunks          TXT ${keyText(10)}
${TXT}.alias           CNAME ${TXT}.ttl-300
${TXT}.crowd           TXT ${keyText()}
${strangers.join('\n')}
${chain('chain8', 8)}
${chain('chain9', 9)}
${crowd.join('\n')}
`;

/** Served by another server, so that each of the two stops at an alias into the zone of the other. */
const NEIGHBOUR_ZONE = `${zoneHead('neighbour.test', SOA)}
${SRV}.abroad      SRV 0 0 8448 s2s
${SRV}.back        CNAME ${SRV}.there.peers.test.
`;

/** Three real servers of names. */
interface NamedGround {
  /** Has the zones below `test`, and answers for nothing else. */
  readonly authoritative: NamedServer;
  /** Has neighbour.test alone. */
  readonly neighbour: NamedServer;
  /** Asks the first one, and validates what is signed. */
  readonly recursive: NamedServer;
  stop(): Promise<void>;
}

/**
 * Starts BIND with zones for the whole of discovery: peers.test with a domain for each case, brief.test and long.test
 * with little and much time to live, signed.test and forged.test with DNSSEC, and unloadable.test.
 */
export async function startNamedGround(): Promise<NamedGround> {
  const records = `${SRV} SRV 0 0 8448 s2s\n${TXT} TXT ${keyText()}\n`;
  const signed = await signZone('signed.test', `${zoneHead('signed.test', SOA)}${records}`);
  const forged = await signZone('forged.test', `${zoneHead('forged.test', SOA)}${records}`);
  const authoritative = await startNamed({
    zones: {
      'peers.test': PEERS_ZONE,
      'brief.test': zoneHead('brief.test', { ttl: 20, minimum: 600 }),
      'long.test': zoneHead('long.test', { ttl: 3600, minimum: 3600 }),
      'unloadable.test': 'this is no zone file',
      'signed.test': signed.text,
      'forged.test': forged.text.replace('0 0 8448 s2s', '0 0 8449 s2s').replace(`kid=${recordedKeys.kid}`, 'kid=forged-1'),
    },
  });
  const neighbour = await startNamed({ zones: { 'neighbour.test': NEIGHBOUR_ZONE } });
  const recursive = await startNamed({ forwardTo: authoritative.port, trustAnchors: [signed.trustAnchor, forged.trustAnchor] });
  return {
    authoritative,
    neighbour,
    recursive,
    async stop() {
      await recursive.stop();
      await neighbour.stop();
      await authoritative.stop();
    },
  };
}

/** How often a server was asked for what stands under a name. */
export async function timesAsked(server: NamedServer, wanted: string): Promise<number> {
  return (await server.queries()).filter(({ name }) => name === wanted).length;
}

/** By which transports a server was asked for what stands under a name, oldest first. */
export async function transportsOf(server: NamedServer, wanted: string): Promise<readonly string[]> {
  return (await server.queries()).filter(({ name }) => name === wanted).map(({ transport }) => transport);
}

/** Asks at these seconds from the first time on, and says how often a server was asked for a name up to each of them. */
export async function askedAt(
  seconds: readonly number[],
  options: {
    readonly server: NamedServer;
    readonly name: string;
    readonly ask: () => Promise<unknown>;
    readonly passSeconds: (seconds: number) => void;
  },
): Promise<readonly number[]> {
  const { server, name, ask, passSeconds } = options;
  const before = await timesAsked(server, name);
  const counts: number[] = [];
  let at = 0;
  for (const second of seconds) {
    passSeconds(second - at);
    at = second;
    await ask();
    counts.push((await timesAsked(server, name)) - before);
  }
  return counts;
}

/** A clock that stands until it is moved. */
export function createMovedClock(): { readonly now: () => Date; passSeconds(seconds: number): void } {
  let nowMs = 1_800_000_000_000;
  return { now: () => new Date(nowMs), passSeconds: (seconds) => void (nowMs += Math.round(seconds * 1_000)) };
}
