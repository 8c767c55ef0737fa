import type { IncomingMessage, ServerResponse } from 'node:http';
import { FEDERATION_PREFIX, KEY_DOCUMENT_PATH } from '../../protocol/endpoints.ts';
import { MAX_BODY_BYTES } from '../../protocol/limits.ts';
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

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The handlers of the server-to-server side, as pure functions of the request. */
export interface FederationHandlers {
  readonly handle: (request: FederationInput) => Promise<Answer>;
  readonly keyDocument: (method: string) => Answer;
}

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
    const body = await readBody(request, MAX_BODY_BYTES);
    const answer = await handlers.handle({
      method: request.method ?? 'GET',
      rawTarget,
      headers: headerLines(request.rawHeaders),
      body,
      sourceAddress: sourceAddress(request.socket.remoteAddress ?? '', request.headers['x-forwarded-for']?.toString()),
    });
    // What is left of an oversized body is not read, so the connection cannot be used again.
    if (body === 'too_large') response.setHeader('connection', 'close');
    write(response, answer);
    return true;
  };
}

/** Whether a target means the prefix, however it is spelt: percent-encoded, with dot segments, doubled slashes or a host. */
function concernsFederation(rawTarget: string): boolean {
  if (rawTarget.startsWith(FEDERATION_PREFIX)) return true;
  const path = rawTarget.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '').replace(/[?#].*$/, '');
  return normalise(path).startsWith(FEDERATION_PREFIX);
}

function normalise(path: string): string {
  let decoded = path;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    // Not decodable: compared as it stands.
  }
  const segments: string[] = [];
  for (const segment of decoded.replaceAll('\\', '/').split('/')) {
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

function write(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
