import { createSystemClock } from './clock.ts';
import { createDriverRoutes } from './driver-routes.ts';
import { createDriverServer } from './driver-server.ts';
import { createNodeChatClient } from './node-chat-client.ts';

const USAGE_EXIT = 2;
const LOOPBACK = '127.0.0.1';

/** Starts the client driver from the environment and prints its place as one line of JSON. */
function main(environment: NodeJS.ProcessEnv): void {
  const instanceUrl = URL.parse(environment['SECURECHAT_DRIVER_INSTANCE_URL'] ?? '');
  const port = Number(environment['SECURECHAT_DRIVER_PORT'] ?? '0');
  if (instanceUrl === null || !Number.isInteger(port) || port < 0 || port > 65_535) {
    process.stderr.write('SECURECHAT_DRIVER_INSTANCE_URL is the URL of an instance, SECURECHAT_DRIVER_PORT a port (0: any).\n');
    process.exitCode = USAGE_EXIT;
    return;
  }
  const createClient = () => createNodeChatClient(instanceUrl.origin);
  const server = createDriverServer(createDriverRoutes({ createClient, clock: createSystemClock() }));
  server.listen(port, LOOPBACK, () => {
    const address = server.address();
    const bound = typeof address === 'object' && address !== null ? address.port : port;
    process.stdout.write(`${JSON.stringify({ driver: `http://${LOOPBACK}:${bound}` })}\n`);
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit());
}

main(process.env);
