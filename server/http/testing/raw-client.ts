import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A connection that writes bytes as they are and reads what comes back. */
export interface RawConnection {
  readonly socket: Socket;
  write(text: string): void;
  /** The next answer with a content-length; rejects when the connection ends before it is whole. */
  answer(): Promise<RawAnswer>;
  closed(): Promise<void>;
}

/** Connects to a port on loopback; rejects where nothing listens. */
export async function connectRaw(port: number): Promise<RawConnection> {
  const socket = connect(port, '127.0.0.1');
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  let received = '';
  let over = false;
  let onChange = (): void => undefined;
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
    onChange();
  });
  // A reset is an end like any other here; what was received before it counts.
  socket.on('error', () => undefined);
  socket.on('close', () => {
    over = true;
    onChange();
  });
  return {
    socket,
    write: (text) => void socket.write(text, 'latin1'),
    answer: () =>
      new Promise((resolve, reject) => {
        onChange = () => {
          const answer = takeAnswer(received);
          if (answer !== null) {
            received = received.slice(answer.length);
            resolve(answer.answer);
          } else if (over) reject(new Error(`the connection ended after ${JSON.stringify(received)}`));
        };
        onChange();
      }),
    closed: () =>
      new Promise((resolve) => {
        onChange = () => over && resolve();
        onChange();
      }),
  };
}

/** Sends one request and gives its answer. */
export async function exchangeRaw(port: number, request: string): Promise<RawAnswer> {
  const connection = await connectRaw(port);
  connection.write(request);
  try {
    return await connection.answer();
  } finally {
    connection.socket.destroy();
  }
}

function takeAnswer(received: string): { readonly answer: RawAnswer; readonly length: number } | null {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [statusLine = '', ...lines] = received.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
  const length = end + 4 + Number(headers['content-length'] ?? 0);
  if (received.length < length) return null;
  return { answer: { status: Number(statusLine.split(' ')[1]), headers, body: received.slice(end + 4, length) }, length };
}
