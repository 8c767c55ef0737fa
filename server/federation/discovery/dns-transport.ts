import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';

/** A DNS server to ask; `host` is an IP address. */
export interface DnsServer {
  readonly host: string;
  readonly port: number;
}

/** One exchange: `read` gives null for bytes that answer something else, which are waited past. */
export interface DnsExchange<Reply> {
  readonly server: DnsServer;
  readonly query: Uint8Array;
  readonly timeoutMs: number;
  readonly read: (bytes: Buffer) => Reply | null;
}

/** Why no reply was read. */
type TransportFailure = 'timeout' | 'unreachable' | 'malformed';

/**
 * Asks over UDP from a fresh socket, whose random source port and fixed remote end keep strangers' packets out.
 * @see RFC 5452 section 9
 */
export function exchangeUdp<Reply>({ server, query, timeoutMs, read }: DnsExchange<Reply>): Promise<Reply | TransportFailure> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(server.host) ? 'udp6' : 'udp4');
    const settle = (outcome: Reply | TransportFailure): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', ignore);
      socket.close();
      resolve(outcome);
    };
    const timer = setTimeout(() => settle('timeout'), timeoutMs);
    socket.on('error', () => settle('unreachable'));
    socket.on('message', (bytes) => {
      const reply = read(bytes);
      if (reply !== null) settle(reply);
    });
    socket.on('connect', () => socket.send(query));
    socket.connect(server.port, server.host);
  });
}

const LENGTH_BYTES = 2;

/** Asks over TCP, two bytes of length before each message. @see RFC 7766 section 8 */
export function exchangeTcp<Reply>({ server, query, timeoutMs, read }: DnsExchange<Reply>): Promise<Reply | TransportFailure> {
  return new Promise((resolve) => {
    const socket = connect({ host: server.host, port: server.port });
    const settle = (outcome: Reply | TransportFailure): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', ignore);
      socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(() => settle('timeout'), timeoutMs);
    let received = Buffer.alloc(0);
    socket.on('error', () => settle('unreachable'));
    socket.on('close', () => settle('malformed'));
    socket.on('connect', () => {
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt16BE(query.length);
      socket.write(Buffer.concat([length, query]));
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < LENGTH_BYTES) return;
      const end = LENGTH_BYTES + received.readUInt16BE(0);
      // One query is asked per connection, so a foreign message here is a broken server.
      if (received.length >= end) settle(read(received.subarray(LENGTH_BYTES, end)) ?? 'malformed');
    });
  });
}

function ignore(): void {}
