import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { DriverProblemError, problemOf } from './driver-problem.ts';
import type { DriverRequest, DriverRoute } from './driver-routes.ts';

const MAX_BODY_BYTES = 1_048_576;

/** Creates the HTTP server of the client driver; the caller makes it listen, on loopback. */
export function createDriverServer(routes: ReadonlyMap<string, DriverRoute>): Server {
  return createServer((request, response) => {
    answer(routes, request)
      .catch(problemOf)
      .then((result) => write(response, result))
      .catch(() => response.destroy());
  });
}

async function answer(routes: ReadonlyMap<string, DriverRoute>, request: IncomingMessage) {
  const url = new URL(request.url ?? '/', 'http://driver.invalid');
  const method = request.method ?? 'GET';
  const route = routes.get(`${method} ${url.pathname}`);
  if (route === undefined) {
    const isKnownPath = [...routes.keys()].some((name) => name.endsWith(` ${url.pathname}`));
    throw new DriverProblemError(isKnownPath ? 'method_not_allowed' : 'not_found');
  }
  const driverRequest: DriverRequest = {
    query: Object.fromEntries(url.searchParams),
    body: method === 'POST' ? await readJson(request) : null,
  };
  return route(driverRequest);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new DriverProblemError('invalid_body');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new DriverProblemError('invalid_body');
  }
}

function write(response: ServerResponse, { status, body }: { readonly status: number; readonly body: unknown }): void {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(JSON.stringify(body));
}
