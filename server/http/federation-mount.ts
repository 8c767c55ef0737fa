import type { IncomingMessage, ServerResponse } from 'node:http';
import { FEDERATION_PREFIX, KEY_DOCUMENT_PATH, maxBodyBytesAt } from '../../protocol/endpoints.ts';
import { readBody } from './read-body.ts';
import type { SourceAddress } from './source-address.ts';

/** A request as the federation handler takes it; see server/federation/inbound. */
interface FederationInput {
  readonly method: string;
  readonly rawTarget: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array | 'too_large';
  readonly sourceAddress: string;
}

/** What the handlers answer, to HEAD as to GET: whoever writes it leaves the body out. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The handlers of the server-to-server side, as pure functions of the request. */
export interface FederationHandlers {
  readonly handle: (request: FederationInput) => Promise<Answer>;
  readonly keyDocument: (method: string) => Answer;
}

/** How long the sender of an oversized body may go on sending while it reads the answer. */
const LINGER_MS = 1_000;
/** Whatever stands behind decodes once; the rest is for what decodes again. */
const DECODING_PASSES = 3;

/** Handles a request if it is one of servers; false leaves it to others. */
export type FederationMount = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/**
 * Mounts the federation handler on a Node listener, where the request line is still as it was sent [SIG-3].
 * The absolute form, and anything that only becomes the prefix by normalising, stays within the check [SIG-10].
 */
export function createFederationMount(handlers: FederationHandlers, sourceAddress: SourceAddress): FederationMount {
  return async (request, response) => {
    const rawTarget = request.url ?? '';
    if (rawTarget === KEY_DOCUMENT_PATH) {
      write(response, handlers.keyDocument(request.method ?? 'GET'));
      return true;
    }
    if (!concernsFederation(rawTarget)) return false;
    const body = await readBody(request, maxBodyBytesAt(rawTarget));
    const answer = await handlers.handle({
      method: request.method ?? 'GET',
      rawTarget,
      headers: headerLines(request.rawHeaders),
      body,
      sourceAddress: sourceAddress(request.socket.remoteAddress ?? '', request.headers['x-forwarded-for']?.toString()),
    });
    write(response, answer);
    if (body === 'too_large') linger(request);
    return true;
  };
}

/** Closing while the sender still writes would reset the connection before it has read the answer: what comes is dropped for a while. */
function linger(request: IncomingMessage): void {
  request.resume();
  const cutOff = setTimeout(() => request.socket.destroy(), LINGER_MS);
  request.once('close', () => clearTimeout(cutOff));
}

/** Whether a target means the prefix, however it is spelt: percent-encoded, with dot segments, doubled slashes or a host. */
function concernsFederation(rawTarget: string): boolean {
  if (rawTarget.startsWith(FEDERATION_PREFIX)) return true;
  const path = decodePercent(rawTarget.replace(/[?#].*$/, '')).replaceAll('\\', '/');
  const afterScheme = path.replace(/^[a-z][a-z0-9+.-]*:/i, '');
  // To some readers what follows two slashes is a host, to others the path itself.
  const afterHost = afterScheme.replace(/^\/\/[^/]*/, '');
  return [afterScheme, afterHost].some((text) => normalise(text).startsWith(FEDERATION_PREFIX));
}

function decodePercent(text: string): string {
  let decoded = text;
  for (let pass = 0; pass < DECODING_PASSES; pass += 1) {
    decoded = decoded.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
  return decoded;
}

function normalise(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return `/${segments.join('/')}`.toLowerCase();
}

function headerLines(rawHeaders: readonly string[]): (readonly [string, string])[] {
  const lines: (readonly [string, string])[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    lines.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '']);
  }
  return lines;
}

/** HEAD states the length of what it leaves out (RFC 9110 section 9.3.2). */
function write(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
