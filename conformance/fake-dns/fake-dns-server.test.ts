import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import packet from 'dns-packet';
import type { DecodedPacket, OptAnswer, Question, RecordType } from 'dns-packet';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { startFakeDns } from './fake-dns-server.ts';
import type { FakeDnsServer } from './fake-dns-server.ts';
import type { ZoneRecord } from './zone.ts';

const RECORDS: readonly ZoneRecord[] = [
  { name: '_securechat-s2s._tcp.a.test', type: 'SRV', ttlSeconds: 60, priority: 1, weight: 2, port: 8448, target: 's2s.a.test' },
  { name: 's2s.a.test', type: 'A', ttlSeconds: 30, address: '127.0.0.1' },
  { name: 's2s.a.test', type: 'AAAA', ttlSeconds: 30, address: '::1' },
  { name: '_securechat-s2s-key.a.test', type: 'TXT', ttlSeconds: 20, chunks: ['v=sc1; ', 'k=ed25519'] },
  { name: 'alias.a.test', type: 'CNAME', ttlSeconds: 10, target: 's2s.a.test' },
  { name: 'loop.a.test', type: 'CNAME', ttlSeconds: 10, target: 'pool.a.test' },
  { name: 'pool.a.test', type: 'CNAME', ttlSeconds: 10, target: 'loop.a.test' },
  { name: 'a.test', type: 'SOA', ttlSeconds: 40, minimumSeconds: 7 },
  { name: '*.d.test', type: 'A', ttlSeconds: 60, address: '127.0.0.9' },
  { name: '_securechat-s2s._tcp.*.d.test', type: 'SRV', ttlSeconds: 60, priority: 0, weight: 0, port: 9443, target: '*.d.test' },
];

interface Decoded extends DecodedPacket {
  readonly rcode?: string;
}

async function udpRaw(server: FakeDnsServer, bytes: Uint8Array): Promise<Decoded> {
  const socket = createSocket('udp4');
  try {
    socket.send(bytes, server.port, server.host);
    const [reply] = (await once(socket, 'message')) as [Buffer];
    return packet.decode(reply);
  } finally {
    socket.close();
  }
}

async function tcpRaw(server: FakeDnsServer, bytes: Uint8Array): Promise<Decoded> {
  const socket = connect(server.port, server.host);
  try {
    socket.write(bytes);
    let received = Buffer.alloc(0);
    while (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      received = Buffer.concat([received, chunk]);
    }
    return packet.decode(received.subarray(2));
  } finally {
    socket.destroy();
  }
}

function query(name: string, type: RecordType, ...more: readonly Question[]): packet.Packet {
  return { type: 'query', id: 77, flags: packet.RECURSION_DESIRED, questions: [{ name, type }, ...more] };
}

let server: FakeDnsServer;
const udp = (name: string, type: RecordType) => udpRaw(server, packet.encode(query(name, type)));
const tcp = (name: string, type: RecordType) => tcpRaw(server, packet.streamEncode(query(name, type)));

beforeEach(async () => {
  server = await startFakeDns({ records: RECORDS, now: () => new Date('2026-01-02T03:04:05.678Z') });
});
afterEach(() => server[Symbol.asyncDispose]());

describe('answers', () => {
  test.each([
    ['UDP', udp],
    ['TCP', tcp],
  ])('[DISC-3] an SRV record comes with its TTL over %s, on the same port', async (_transport, ask) => {
    const reply = await ask('_securechat-s2s._tcp.a.test', 'SRV');
    expect(reply).toMatchObject({ id: 77, rcode: 'NOERROR', flag_aa: true, flag_tc: false });
    expect(reply.answers).toMatchObject([{ type: 'SRV', ttl: 60, data: { priority: 1, weight: 2, port: 8448, target: 's2s.a.test' } }]);
  });

  test('A, AAAA and TXT records are answered, each type by itself', async () => {
    expect((await udp('s2s.a.test', 'A')).answers).toMatchObject([{ type: 'A', ttl: 30, data: '127.0.0.1' }]);
    expect((await udp('s2s.a.test', 'AAAA')).answers).toMatchObject([{ type: 'AAAA', data: '::1' }]);
    const [text] = (await udp('_securechat-s2s-key.a.test', 'TXT')).answers ?? [];
    expect(text).toMatchObject({ ttl: 20, data: [Buffer.from('v=sc1; '), Buffer.from('k=ed25519')] });
  });

  test('[DISC-2] a CNAME is answered together with what it leads to, and a loop of them ends', async () => {
    expect((await udp('alias.a.test', 'A')).answers).toMatchObject([
      { name: 'alias.a.test', type: 'CNAME', ttl: 10, data: 's2s.a.test' },
      { name: 's2s.a.test', type: 'A', data: '127.0.0.1' },
    ]);
    expect((await udp('loop.a.test', 'A')).answers).toMatchObject([{ data: 'pool.a.test' }, { data: 'loop.a.test' }]);
  });

  test('a name is found whatever its case', async () => {
    expect((await udp('S2S.A.Test', 'A')).answers).toMatchObject([{ data: '127.0.0.1' }]);
  });

  test('[DISC-3] an unknown name is NXDOMAIN with the SOA of its zone', async () => {
    const reply = await udp('nowhere.a.test', 'SRV');
    expect(reply).toMatchObject({ rcode: 'NXDOMAIN', answers: [] });
    expect(reply.authorities).toMatchObject([{ type: 'SOA', name: 'a.test', ttl: 40, data: { minimum: 7 } }]);
    expect((await udp('example.com', 'A')).authorities).toMatchObject([{ type: 'SOA', name: 'com', ttl: 5 }]);
  });

  test('[DISC-3] a known name without the type is NODATA with the SOA, and so is a name that only leads to others', async () => {
    for (const [name, type] of [['s2s.a.test', 'TXT'], ['_tcp.a.test', 'SRV']] as const) {
      const reply = await udp(name, type);
      expect(reply).toMatchObject({ rcode: 'NOERROR', answers: [] });
      expect(reply.authorities).toMatchObject([{ type: 'SOA', name: 'a.test' }]);
    }
  });

  test('[DISC-3] negative answers carry no SOA where the server is told so', async () => {
    await using bare = await startFakeDns({ defaultSoa: null });
    expect(await udpRaw(bare, packet.encode(query('x.test', 'A')))).toMatchObject({ rcode: 'NXDOMAIN', authorities: [] });
  });

  test('a wildcard answers every name below it and none beside it', async () => {
    expect((await udp('x.d.test', 'A')).answers).toMatchObject([{ name: 'x.d.test', data: '127.0.0.9' }]);
    expect((await udp('y.x.d.test', 'A')).answers).toMatchObject([{ name: 'y.x.d.test', data: '127.0.0.9' }]);
    expect((await udp('_securechat-s2s._tcp.x.d.test', 'SRV')).answers).toMatchObject([{ data: { port: 9443, target: 'x.d.test' } }]);
    expect(await udp('d.test', 'A')).toMatchObject({ rcode: 'NOERROR', answers: [] });
    expect(await udp('_securechat-s2s._tcp.d.test', 'SRV')).toMatchObject({ rcode: 'NOERROR', answers: [] });
    expect(await udp('xd.test', 'A')).toMatchObject({ rcode: 'NXDOMAIN' });
  });

  test('records can be added and removed while it runs', async () => {
    server.zone.add({ name: 'new.test', type: 'A', ttlSeconds: 1, address: '127.0.0.2' });
    expect((await udp('new.test', 'A')).answers).toMatchObject([{ data: '127.0.0.2' }]);
    server.zone.remove('new.test', 'A');
    expect(await udp('new.test', 'A')).toMatchObject({ rcode: 'NXDOMAIN' });
  });

  test('an answer longer than the client takes over UDP is truncated, and whole over TCP or with EDNS', async () => {
    for (let index = 0; index < 20; index += 1) {
      server.zone.add({ name: 'long.test', type: 'TXT', ttlSeconds: 1, chunks: [`${index} ${'x'.repeat(40)}`] });
    }
    expect(await udp('long.test', 'TXT')).toMatchObject({ flag_tc: true, answers: [] });
    expect((await tcp('long.test', 'TXT')).answers).toHaveLength(20);
    const edns: OptAnswer = { type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0, options: [], extendedRcode: 0, ednsVersion: 0, flag_do: false };
    const reply = await udpRaw(server, packet.encode({ ...query('long.test', 'TXT'), additionals: [edns] }));
    expect(reply.answers).toHaveLength(20);
    expect(reply.additionals).toMatchObject([{ type: 'OPT' }]);
  });
});

describe('faults', () => {
  test('[DISC-3] SERVFAIL is answered for the name with the fault and for no other', async () => {
    server.setFault('s2s.a.test', { rcode: 'SERVFAIL' });
    expect(await udp('s2s.a.test', 'A')).toMatchObject({ rcode: 'SERVFAIL', answers: [] });
    expect(await udp('alias.a.test', 'A')).toMatchObject({ rcode: 'NOERROR' });
    server.setFault('s2s.a.test', null);
    expect(await udp('s2s.a.test', 'A')).toMatchObject({ rcode: 'NOERROR' });
  });

  test('[DISC-3] truncation sends the client to TCP, which answers whole', async () => {
    server.setFault('*.a.test', { truncate: true });
    expect(await udp('s2s.a.test', 'A')).toMatchObject({ flag_tc: true, answers: [] });
    expect(await tcp('s2s.a.test', 'A')).toMatchObject({ flag_tc: false, answers: [{ data: '127.0.0.1' }] });
  });

  test('a delayed answer comes after one that was asked for later', async () => {
    server.setFault('s2s.a.test', { delayMs: 80 });
    const order: string[] = [];
    const slow = udp('s2s.a.test', 'A').then((reply) => order.push(`slow ${reply.answers?.length}`));
    await udp('alias.a.test', 'A').then(() => order.push('fast'));
    await slow;
    expect(order).toEqual(['fast', 'slow 1']);
  });

  test('a dropped query is logged and gets no answer, while the next one does', async () => {
    server.setFault('s2s.a.test', { drop: true });
    const socket = createSocket('udp4');
    try {
      socket.send(packet.encode({ ...query('s2s.a.test', 'A'), id: 1 }), server.port, server.host);
      socket.send(packet.encode({ ...query('alias.a.test', 'A'), id: 2 }), server.port, server.host);
      const [reply] = (await once(socket, 'message')) as [Buffer];
      expect(packet.decode(reply).id).toBe(2);
    } finally {
      socket.close();
    }
    expect(server.queries.map((entry) => entry.rcode)).toEqual(['DROPPED', 'NOERROR']);
  });
});

describe('what is malformed', () => {
  const headerOf = (flags: number, questions: number): Buffer => {
    const header = Buffer.alloc(12);
    header.writeUInt16BE(9, 0);
    header.writeUInt16BE(flags, 2);
    header.writeUInt16BE(questions, 4);
    return header;
  };
  const pointerLoop = Buffer.concat([headerOf(0, 1), Buffer.from([0xc0, 0x0c, 0, 1, 0, 1])]);

  test.each([
    ['a question that is not there', headerOf(0, 1)],
    ['a name that points to itself', pointerLoop],
    ['no question', headerOf(0, 0)],
    ['two questions', packet.encode(query('a.test', 'A', { name: 'b.test', type: 'A' }))],
  ])('%s is answered FORMERR', async (_case, bytes) => {
    expect(await udpRaw(server, bytes)).toMatchObject({ rcode: 'FORMERR', questions: [] });
  });

  test('another opcode is answered NOTIMP and another class REFUSED', async () => {
    expect(await udpRaw(server, headerOf(0x2000, 0))).toMatchObject({ rcode: 'NOTIMP' });
    const chaos = packet.encode({ type: 'query', id: 1, questions: [{ name: 's2s.a.test', type: 'A', class: 'CH' }] });
    expect(await udpRaw(server, chaos)).toMatchObject({ rcode: 'REFUSED', answers: [] });
  });

  test('noise, empty datagrams and answers get no reply, and the server lives', async () => {
    const socket = createSocket('udp4');
    try {
      for (let length = 0; length < 12; length += 1) socket.send(Buffer.alloc(length, 0xff), server.port, server.host);
      socket.send(packet.encode({ type: 'response', id: 3, questions: [{ name: 'a.test', type: 'A' }] }), server.port, server.host);
      socket.send(packet.encode({ ...query('s2s.a.test', 'A'), id: 4 }), server.port, server.host);
      const [reply] = (await once(socket, 'message')) as [Buffer];
      expect(packet.decode(reply).id).toBe(4);
    } finally {
      socket.close();
    }
  });

  test('a TCP client that cuts its message short or sends noise harms nobody', async () => {
    const cut = connect(server.port, server.host);
    cut.end(Buffer.from([0, 50, 1, 2, 3]));
    const noise = connect(server.port, server.host);
    noise.end(Buffer.concat([Buffer.from([0, 20]), Buffer.alloc(20, 0x7f)]));
    await Promise.all([once(cut, 'close'), once(noise.resume(), 'close')]);
    expect((await tcp('s2s.a.test', 'A')).answers).toHaveLength(1);
  });

  test('two queries in one TCP segment, and one in two, are all answered', async () => {
    const bytes = Buffer.concat([packet.streamEncode({ ...query('s2s.a.test', 'A'), id: 1 }), packet.streamEncode(query('alias.a.test', 'A'))]);
    const socket = connect(server.port, server.host);
    try {
      socket.write(bytes.subarray(0, 45));
      socket.write(bytes.subarray(45));
      const ids: number[] = [];
      let received = Buffer.alloc(0);
      while (ids.length < 2) {
        const [chunk] = (await once(socket, 'data')) as [Buffer];
        received = Buffer.concat([received, chunk]);
        while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
          ids.push(received.readUInt16BE(2));
          received = received.subarray(2 + received.readUInt16BE(0));
        }
      }
      expect(ids).toEqual([1, 77]);
    } finally {
      socket.destroy();
    }
  });
});

describe('the query log', () => {
  test('names time, transport, name, type and code of each query', async () => {
    await udp('_securechat-s2s._tcp.a.test', 'SRV');
    await tcp('nowhere.test', 'A');
    expect(server.queries).toEqual([
      { time: '2026-01-02T03:04:05.678Z', transport: 'udp', name: '_securechat-s2s._tcp.a.test', type: 'SRV', rcode: 'NOERROR' },
      { time: '2026-01-02T03:04:05.678Z', transport: 'tcp', name: 'nowhere.test', type: 'A', rcode: 'NXDOMAIN' },
    ]);
  });

  test('is appended to a file as lines of JSON', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'securechat-dns-'));
    try {
      const queryLogFile = join(directory, 'queries.jsonl');
      await using logged = await startFakeDns({ queryLogFile });
      await udpRaw(logged, packet.encode(query('x.test', 'A')));
      const lines = (await readFile(queryLogFile, 'utf8')).trimEnd().split('\n');
      expect(lines.map((line): unknown => JSON.parse(line))).toEqual(logged.queries);
      expect(lines).toHaveLength(1);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

test('after disposal its port is free for both transports', async () => {
  const first = await startFakeDns();
  await first[Symbol.asyncDispose]();
  await using second = await startFakeDns({ port: first.port });
  expect(second.port).toBe(first.port);
});
