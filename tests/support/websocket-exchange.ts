import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Place } from './raw-exchange.ts';

const FINAL_TEXT_FRAME = 0x81;
const MASKED = 0x80;
const SHORT_LENGTH = 126;

/**
 * Opens a web socket (RFC 6455), sends one short text and reads texts until one fits. Rejects where the connection
 * ends before, or where the upgrade is refused.
 */
export async function exchangeOverWebSocket(
  { host, port, tls }: Required<Place>,
  { target, text, until }: { readonly target: string; readonly text: string; readonly until: RegExp },
): Promise<string> {
  const asked = request({
    host,
    port,
    ...tls,
    path: target,
    headers: {
      Host: tls.servername,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    },
  });
  const refused = once(asked, 'response').then(([response]: IncomingMessage[]) => Promise.reject(new Error(`the upgrade was refused with ${response?.statusCode}`)));
  refused.catch(() => undefined);
  asked.end();
  const [, socket, head] = (await Promise.race([once(asked, 'upgrade'), refused])) as [IncomingMessage, Duplex, Buffer];
  try {
    socket.write(textFrame(text));
    return await readUntil(socket, head, until);
  } finally {
    socket.destroy();
  }
}

function textFrame(text: string): Buffer {
  const mask = randomBytes(4);
  const payload = Buffer.from(text).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return Buffer.concat([Buffer.of(FINAL_TEXT_FRAME, MASKED | payload.length), mask, payload]);
}

async function readUntil(socket: Duplex, head: Buffer, until: RegExp): Promise<string> {
  let received = head;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    received = Buffer.concat([received, chunk]);
    for (let frame = firstText(received); frame !== null; frame = firstText(received)) {
      if (until.test(frame.text)) return frame.text;
      received = received.subarray(frame.end);
    }
  }
  throw new Error('the socket was closed before the text came');
}

/** A server masks nothing, and nothing that is read here is longer than 65 535 bytes. */
function firstText(bytes: Buffer): { readonly text: string; readonly end: number } | null {
  const short = bytes[1] ?? 0;
  const start = short === SHORT_LENGTH ? 4 : 2;
  if (bytes.length < start) return null;
  const end = start + (short === SHORT_LENGTH ? bytes.readUInt16BE(2) : short);
  return bytes.length < end ? null : { text: bytes.toString('utf8', start, end), end };
}
