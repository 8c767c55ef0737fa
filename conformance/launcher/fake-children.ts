import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Command } from './managed-process.ts';
import type { PlaygroundOptions } from './playground-options.ts';

/** Stands in for an instance: writes its environment down, leaves a "database" process behind, and is ready at once. */
const SERVER = `
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
const env = process.env;
const data = env.SECURECHAT_DATA_DIR;
mkdirSync(data, { recursive: true });
const place = data + '/embedded-postgres.json';
if (existsSync(place)) process.kill(JSON.parse(readFileSync(place, 'utf8')).pid, 'SIGKILL');
const database = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)', data], { stdio: 'ignore', detached: true });
writeFileSync(data + '/environment.json', JSON.stringify(env));
writeFileSync(place, JSON.stringify({ url: 'postgresql://' + env.SECURECHAT_DOMAIN, pid: database.pid }));
const answers = { '/readyz': 'ok', '/.well-known/securechat-federation-key': JSON.stringify({ keys: [{ kid: 'k1', publicKey: 'QUJD' }] }) };
const server = createServer((request, response) => {
  const body = answers[request.url];
  response.writeHead(body ? 200 : 404).end(body);
});
server.listen(Number(env.PORT), env.HOST);
console.log('the server started');
process.on('SIGTERM', () => { database.kill('SIGKILL'); process.exit(0); });
`;

/** Never becomes ready, and does not listen to SIGTERM. */
const STUBBORN_SERVER = `
import { createServer } from 'node:http';
createServer((request, response) => response.writeHead(503).end('database: starting')).listen(Number(process.env.PORT), process.env.HOST);
process.on('SIGTERM', () => {});
`;

/** Dies at once after forty lines. */
const DYING_SERVER = `
for (let line = 1; line <= 40; line += 1) console.log('line ' + line + '.');
process.exitCode = 2;
`;

const DRIVER = `
import { createServer } from 'node:http';
const server = createServer((request, response) => response.end(process.env.SECURECHAT_DRIVER_INSTANCE_URL));
server.listen(Number(process.env.SECURECHAT_DRIVER_PORT), '127.0.0.1', () => {
  console.log(JSON.stringify({ driver: 'http://127.0.0.1:' + server.address().port }));
  console.log('a later line');
});
`;

/** A demo whose parts are the stand-ins. */
const DEMO = (options: Partial<PlaygroundOptions>): string => `
import { runDemo } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, 'run-demo.ts')).href)};
process.exitCode = await runDemo(process.argv.slice(2), ${JSON.stringify(options)});
`;

/** Writes a stand-in into a directory and gives the command that runs it; test support only. */
function writeScript(directory: string, name: string, source: string): Command {
  const file = join(directory, `${name}.mjs`);
  writeFileSync(file, source);
  return [process.execPath, file];
}

/** The commands of stand-ins for servers and drivers. */
export interface FakeCommands {
  readonly server: Command;
  readonly stubbornServer: Command;
  readonly dyingServer: Command;
  readonly driver: Command;
  readonly demo: (options: Partial<PlaygroundOptions>) => Command;
}

/** Writes stand-ins for servers, drivers and the demo itself into a directory; test support only. */
export function writeFakeCommands(directory: string): FakeCommands {
  return {
    server: writeScript(directory, 'server', SERVER),
    stubbornServer: writeScript(directory, 'stubborn-server', STUBBORN_SERVER),
    dyingServer: writeScript(directory, 'dying-server', DYING_SERVER),
    driver: writeScript(directory, 'driver', DRIVER),
    demo: (options) => writeScript(directory, 'demo', DEMO(options)),
  };
}
