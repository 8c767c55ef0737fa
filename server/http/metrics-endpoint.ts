import { isBearer } from './bearer.ts';
import type { NodeHandler } from './web-listener.ts';

/** Where Prometheus looks. */
export const METRICS_PATH = '/metrics';

/** What the endpoint shows; see server/metrics. */
interface MetricsSource {
  write(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/**
 * Creates the answer to `GET /metrics`: 404 where there is nothing to show, 401 without the bearer where one is asked
 * for. The page names domains of peers and error codes, and no person, conversation or message.
 */
export function createMetricsHandler(metrics: MetricsSource | null, { token }: { readonly token: string | null }): NodeHandler {
  return async (request, response) => {
    if (metrics === null) return void response.writeHead(404, { 'content-length': '0' }).end();
    if (token !== null && !isBearer(request.headers.authorization ?? null, token)) {
      return void response.writeHead(401, { 'content-length': '0', 'www-authenticate': 'Bearer' }).end();
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return void response.writeHead(405, { 'content-length': '0', allow: 'GET, HEAD' }).end();
    }
    const { contentType, text } = await metrics.write();
    response.writeHead(200, { 'content-type': contentType, 'content-length': String(Buffer.byteLength(text)), 'cache-control': 'no-store' });
    response.end(request.method === 'HEAD' ? undefined : text);
  };
}
