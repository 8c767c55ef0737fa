import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server } from 'node:net';

import packet from 'dns-packet';
import type { Answer } from 'dns-packet';

/** What a query asked, and by which transport it came. */
export interface SeenQuery {
  readonly name: string;
  readonly type: string;
  readonly transport: 'udp' | 'tcp';
}

/** What to answer; the default is NOERROR without records. `bytes` are sent as they are, `silent` sends nothing. */
export interface ScriptedDnsReply {
  readonly rcode?: number;
  readonly answers?: readonly Answer[];
  readonly authorities?: readonly Answer[];
  readonly authenticated?: boolean;
  readonly truncated?: boolean;
  readonly silent?: boolean;
  /** Sent ahead of the reply, as a stranger would. */
  readonly decoys?: (query: packet.DecodedPacket) => readonly Uint8Array[];
  readonly bytes?: (query: packet.DecodedPacket) => Uint8Array;
}

/** A DNS server on a loopback port that answers as its script says and remembers what it was asked. */
export interface ScriptedDnsServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly queries: readonly SeenQuery[];
}

const LOOPBACK = '127.0.0.1';

/** Starts a scripted DNS server on UDP and TCP. */
export async function startDnsServer(script: (query: SeenQuery) => ScriptedDnsReply): Promise<ScriptedDnsServer> {
  const queries: SeenQuery[] = [];
  const answer = (message: Buffer, transport: SeenQuery['transport']): readonly Uint8Array[] => {
    const query = packet.decode(message);
    const asked = query.questions?.[0];
    const seen = { name: asked?.name ?? '', type: asked?.type ?? '', transport };
    queries.push(seen);
    return encodeReply(query, script(seen));
  };
  const { udp, tcp } = await listen();
  udp.on('message', (message, from) => {
    for (const reply of answer(message, 'udp')) udp.send(reply, from.port, from.address);
  });
  tcp.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      for (const reply of answer(chunk.subarray(2), 'tcp')) {
        const length = Buffer.alloc(2);
        length.writeUInt16BE(reply.length);
        // Two writes, so that the client has to put the message together.
        socket.write(length);
        socket.write(reply);
      }
    });
  });
  return {
    host: LOOPBACK,
    port: udp.address().port,
    queries,
    async [Symbol.asyncDispose]() {
      udp.close();
      tcp.close();
      await once(tcp, 'close');
    },
  };
}

/** Finds a port that is free for UDP and TCP alike. */
async function listen(): Promise<{ udp: Socket; tcp: Server }> {
  for (;;) {
    const udp = createSocket('udp4');
    udp.bind(0, LOOPBACK);
    await once(udp, 'listening');
    const tcp = createServer();
    try {
      tcp.listen(udp.address().port, LOOPBACK);
      await once(tcp, 'listening');
      return { udp, tcp };
    } catch {
      udp.close();
    }
  }
}

function encodeReply(query: packet.DecodedPacket, reply: ScriptedDnsReply): readonly Uint8Array[] {
  const decoys = reply.decoys?.(query) ?? [];
  if (reply.silent === true) return decoys;
  if (reply.bytes !== undefined) return [...decoys, reply.bytes(query)];
  const flags =
    packet.RECURSION_DESIRED |
    packet.RECURSION_AVAILABLE |
    (reply.authenticated === true ? packet.AUTHENTIC_DATA : 0) |
    (reply.truncated === true ? packet.TRUNCATED_RESPONSE : 0) |
    (reply.rcode ?? 0);
  return [
    ...decoys,
    packet.encode({
      type: 'response',
      id: query.id ?? 0,
      flags,
      questions: query.questions ?? [],
      answers: [...(reply.answers ?? [])],
      authorities: [...(reply.authorities ?? [])],
    }),
  ];
}
