import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

import { answerQuery } from './answer-query.ts';
import type { AnswerSource, DnsFault } from './answer-query.ts';
import { createQueryLog } from './query-log.ts';
import type { DnsQuery } from './query-log.ts';
import { capturePattern, createZone, foldName } from './zone.ts';
import type { DefaultSoa, Zone, ZoneRecord } from './zone.ts';

/** How a fake DNS server is set up; everything has a default. */
interface FakeDnsOptions {
  readonly host?: string;
  /** 0 chooses one port that is free for UDP and TCP alike. */
  readonly port?: number;
  readonly records?: readonly ZoneRecord[];
  readonly defaultSoa?: DefaultSoa;
  /** A file that receives each query as one line of JSON. */
  readonly queryLogFile?: string;
  readonly now?: () => Date;
}

/** A running authoritative DNS server on loopback. */
export interface FakeDnsServer {
  readonly host: string;
  readonly port: number;
  readonly zone: Zone;
  /** Every query since the start, oldest first; the last 10 000 are kept. */
  readonly queries: readonly DnsQuery[];
  /** Lets answers for a name (or pattern) go wrong; `null` ends that. */
  setFault(name: string, fault: DnsFault | null): void;
  [Symbol.asyncDispose](): Promise<void>;
}

interface Reply {
  readonly message: Buffer;
  readonly transport: 'udp' | 'tcp';
  readonly send: (bytes: Uint8Array) => void;
}

const TCP_IDLE_MS = 10_000;
const PORT_ATTEMPTS = 20;

/** Starts an authoritative DNS server for UDP and TCP on one loopback port (RFC 1035, RFC 7766). */
export async function startFakeDns(options: FakeDnsOptions = {}): Promise<FakeDnsServer> {
  const host = options.host ?? '127.0.0.1';
  const now = options.now ?? (() => new Date());
  const zone = createZone(options.records ?? [], options.defaultSoa === undefined ? { ttlSeconds: 5, minimumSeconds: 5 } : options.defaultSoa);
  const faults = new Map<string, DnsFault>();
  const timers = new Set<NodeJS.Timeout>();
  const { udp, tcp, port } = await bindBoth(host, options.port ?? 0);
  const log = createQueryLog(options.queryLogFile ?? null);
  const source: AnswerSource = { lookup: zone.lookup, faultOf: (name) => faultOf(faults, foldName(name)) };

  const reply = ({ message, transport, send }: Reply): void => {
    const answer = answerQuery(message, transport, source);
    if (answer === null) return;
    log.append({ time: now().toISOString(), transport, ...answer.question, rcode: answer.rcode });
    const { bytes } = answer;
    if (bytes === null) return;
    if (answer.delayMs === 0) return send(bytes);
    const timer = setTimeout(() => {
      timers.delete(timer);
      send(bytes);
    }, answer.delayMs);
    timers.add(timer);
  };
  serveUdp(udp, reply);
  const connections = serveTcp(tcp, reply);

  return {
    host,
    port,
    zone,
    queries: log.queries,
    setFault: (name, fault) => void (fault === null ? faults.delete(foldName(name)) : faults.set(foldName(name), fault)),
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearTimeout(timer);
      for (const connection of connections) connection.destroy();
      await Promise.all([closed(tcp), closed(udp)]);
      log.close();
    },
  };
}

function faultOf(faults: ReadonlyMap<string, DnsFault>, name: string): DnsFault {
  const exact = faults.get(name);
  if (exact !== undefined) return exact;
  for (const [pattern, fault] of faults) if (capturePattern(pattern, name) !== null) return fault;
  return {};
}

function serveUdp(udp: UdpSocket, reply: (reply: Reply) => void): void {
  // An ICMP error for a client that is gone arrives here; it is nobody's fault.
  udp.on('error', () => undefined);
  udp.on('message', (message, client) =>
    reply({ message, transport: 'udp', send: (bytes) => udp.send(bytes, client.port, client.address, () => undefined) }),
  );
}

function serveTcp(tcp: Server, reply: (reply: Reply) => void): ReadonlySet<Socket> {
  const connections = new Set<Socket>();
  tcp.on('connection', (connection) => {
    connections.add(connection);
    connection.setTimeout(TCP_IDLE_MS, () => connection.destroy());
    connection.on('error', () => connection.destroy());
    connection.on('close', () => connections.delete(connection));
    const send = (bytes: Uint8Array): void => {
      const framed = Buffer.alloc(2 + bytes.length);
      framed.writeUInt16BE(bytes.length);
      framed.set(bytes, 2);
      if (connection.writable) connection.write(framed);
    };
    let pending: Buffer = Buffer.alloc(0);
    connection.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const end = 2 + pending.readUInt16BE(0);
        reply({ message: pending.subarray(2, end), transport: 'tcp', send });
        pending = pending.subarray(end);
      }
    });
  });
  return connections;
}

/** Binds TCP first and UDP to the port that it got; a port chosen by us may be taken for UDP, so another is tried. */
async function bindBoth(host: string, wanted: number): Promise<{ udp: UdpSocket; tcp: Server; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const tcp = createServer();
    tcp.listen(wanted, host);
    await once(tcp, 'listening');
    const address = tcp.address();
    const port = typeof address === 'object' && address !== null ? address.port : wanted;
    const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    try {
      udp.bind(port, host);
      await once(udp, 'listening');
      return { udp, tcp, port };
    } catch (error) {
      udp.close();
      await closed(tcp);
      if (wanted !== 0 || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

function closed(socket: { close(done: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
