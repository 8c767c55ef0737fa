import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import createNext from 'next';
import type { Logger } from 'pino';
import { compose } from './compose.ts';
import type { Instance } from './compose.ts';
import type { Config } from './config/read-config.ts';
import { createFederationMount } from './http/federation-mount.ts';
import { answerHealthz, createReadyzHandler } from './http/health.ts';
import { createMetricsHandler, METRICS_PATH } from './http/metrics-endpoint.ts';
import { listenForMetrics, listenForServers, listenForWeb } from './http/web-listener.ts';
import type { Listener, NodeHandler } from './http/web-listener.ts';
import { shareInstance } from './instance.ts';
import { createTrpcNodeHandler, TRPC_PREFIX } from './trpc/mount.ts';

export interface RunningServer {
  readonly instance: Instance;
  readonly webPort: number;
  readonly s2sPort: number | null;
  readonly metricsPort: number | null;
  /**
   * Says 503 on /readyz and takes no connection any more, sends sockets and streams elsewhere, lets requests under way
   * and deliveries under way come to an end, gives claims back and closes the database.
   */
  stop(): Promise<void>;
}

const PROJECT_ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Starts one instance: composes it, mounts it on its listeners, and begins to deliver. */
export async function startServer({ config, logger }: { config: Config; logger: Logger }): Promise<RunningServer> {
  // next-auth reads its own address from there and nowhere else.
  process.env['NEXTAUTH_URL'] = config.publicUrl.origin;
  warnOfTestSettings(config, logger);
  const instance = await compose({ config, logger, behindListener: true, migrationsDirectory: join(PROJECT_ROOT, 'prisma', 'migrations') });
  shareInstance(instance);
  const listeners: Listener[] = [];
  const stop = (): Promise<void> => stopServer(instance, listeners);
  try {
    const web = await listenForBrowsers(instance, logger);
    listeners.push(web);
    instance.realtime.attach(web.server);
    const s2sPort = await listenForPeers({ instance, listeners, logger });
    const metricsPort = await listenForScrapes({ instance, listeners, logger });
    instance.startWorking();
    logger.info({ url: config.publicUrl.origin, webPort: web.port, s2sPort, metricsPort }, 'listening');
    return { instance, webPort: web.port, s2sPort, metricsPort, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function stopServer(instance: Instance, listeners: readonly Listener[]): Promise<void> {
  instance.readiness.beginStop();
  // They stop listening at once: whoever is sent away now does not come back here.
  const requestsEnded = Promise.all(listeners.map((listener) => listener.close()));
  // Sockets and streams keep their connections open, so they end before the listeners can.
  await instance.realtime.close();
  await Promise.all([requestsEnded, instance.stopWorking()]);
  await instance.stop();
}

async function listenForBrowsers(instance: Instance, logger: Logger): Promise<Listener> {
  const { config } = instance;
  const metrics = config.SECURECHAT_METRICS_PORT === null ? instance.metrics : null;
  const routes = {
    federation: createFederationMount(instance.federation, instance.sourceAddress),
    exact: new Map([
      ['/healthz', answerHealthz],
      ['/readyz', createReadyzHandler(instance.readiness.findFault)],
      [METRICS_PATH, createMetricsHandler(metrics, { token: config.SECURECHAT_METRICS_TOKEN })],
    ]),
    prefixes: [[`${TRPC_PREFIX}/`, createTrpcHandler(instance, logger)]] as const,
    fallback: await createPageHandler(instance),
  };
  return listenForWeb(routes, { host: config.HOST, port: config.PORT, tls: null, logger });
}

async function listenForScrapes(options: { instance: Instance; listeners: Listener[]; logger: Logger }): Promise<number | null> {
  const { instance, listeners, logger } = options;
  const { SECURECHAT_METRICS_PORT: port, SECURECHAT_METRICS_HOST: host, SECURECHAT_METRICS_TOKEN: token } = instance.config;
  if (port === null) return null;
  const listener = await listenForMetrics(METRICS_PATH, createMetricsHandler(instance.metrics, { token }), { host, port, logger });
  listeners.push(listener);
  return listener.port;
}

async function listenForPeers(options: { instance: Instance; listeners: Listener[]; logger: Logger }): Promise<number | null> {
  const { instance, listeners, logger } = options;
  const { SECURECHAT_S2S_PORT: port, SECURECHAT_S2S_HOST: host, HOST, tls } = instance.config;
  if (port === null) return null;
  const federation = createFederationMount(instance.federation, instance.sourceAddress);
  const listener = await listenForServers(federation, { host: host ?? HOST, port, tls, logger });
  listeners.push(listener);
  return listener.port;
}

function createTrpcHandler(instance: Instance, logger: Logger): NodeHandler {
  const onRefused = (reason: string): void => instance.metrics?.traffic.rejected('local', reason);
  return createTrpcNodeHandler({ createContext: instance.createTrpcContext, sourceAddressOf: sourceOf(instance), onRefused, logger });
}

/** Serves the pages and the routes of Next, telling them where a request comes from. */
async function createPageHandler(instance: Instance): Promise<NodeHandler> {
  const next = createNext({ dev: false, dir: PROJECT_ROOT, hostname: instance.config.HOST, port: instance.config.PORT });
  await next.prepare();
  const handle = next.getRequestHandler();
  const addressOf = sourceOf(instance);
  return async (request, response) => {
    request.headers[instance.sourceHeader] = addressOf(request);
    await handle(request, response);
  };
}

function sourceOf(instance: Instance): (request: IncomingMessage) => string {
  return (request) => instance.sourceAddress(request.socket.remoteAddress ?? '', request.headers['x-forwarded-for']?.toString());
}

function warnOfTestSettings(config: Config, logger: Logger): void {
  if (config.SECURECHAT_TEST_RANGES.length > 0) logger.warn({ ranges: config.SECURECHAT_TEST_RANGES }, 'the egress guard lets test ranges through');
  if (config.SECURECHAT_TEST_CONNECT.length > 0) {
    logger.warn({ names: config.SECURECHAT_TEST_CONNECT.map(([name]) => name) }, 'connections to test names go elsewhere');
  }
}
