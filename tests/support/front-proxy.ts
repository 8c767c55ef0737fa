import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { findTool } from '../../scripts/find-tool.ts';
import { startForegroundTool } from './foreground-tool.ts';
import { promisePort } from './port-range.ts';
import { PROJECT_ROOT } from './run-command.ts';
import type { TlsCertificate } from './test-authority.ts';

/** Which proxy stands in front of an instance. */
export type ProxyName = 'caddy' | 'nginx';

/** A proxy that ends TLS in front of an instance, by the sample configuration that the product ships. */
export interface FrontProxy {
  readonly host: string;
  readonly port: number;
  stop(): Promise<void>;
}

interface FrontProxyOptions {
  readonly domain: string;
  readonly certificate: TlsCertificate;
  readonly authorityPem: string;
  /** The port of the instance. */
  readonly upstreamPort: number;
}

/** What a configuration is written from. */
interface Ground extends FrontProxyOptions {
  readonly folder: string;
  readonly port: number;
  readonly plainPort: number;
}

const HOST = '127.0.0.1';

/** Starts Caddy or nginx and waits until it answers with TLS. */
export async function startFrontProxy(name: ProxyName, options: FrontProxyOptions): Promise<FrontProxy> {
  const program = await findTool(name);
  const folder = await mkdtemp(join(tmpdir(), `securechat-${name}-`));
  const ground: Ground = { ...options, folder, port: await promisePort(), plainPort: await promisePort() };
  await writeFile(join(folder, 'cert.pem'), options.certificate.cert);
  await writeFile(join(folder, 'key.pem'), options.certificate.key, { mode: 0o600 });
  const file = join(folder, name === 'caddy' ? 'Caddyfile' : 'nginx.conf');
  await writeFile(file, name === 'caddy' ? await caddyfile(ground) : await nginxConfiguration(ground));
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const tool = await startForegroundTool({
    command: name === 'caddy' ? [program, 'run', '--adapter', 'caddyfile', '--config', file] : [program, '-p', folder, '-c', file, '-e', join(folder, 'error.log')],
    logFile: join(folder, 'output.log'),
    environment: {
      XDG_DATA_HOME: folder,
      XDG_CONFIG_HOME: folder,
      SECURECHAT_DOMAIN: `https://${options.domain}:${ground.port}`,
      SECURECHAT_UPSTREAM: `${HOST}:${options.upstreamPort}`,
    },
    isReady: () => shakeHands(ground),
  }).catch(async (error: unknown) => {
    await removeFolder();
    throw error;
  });
  return {
    host: HOST,
    port: ground.port,
    async stop() {
      await tool.end();
      await removeFolder();
    },
  };
}

/** The sample as it is shipped, with the certificate of the test in the place of one that Caddy would fetch. */
async function caddyfile({ folder }: Ground): Promise<string> {
  const sample = await readSample('Caddyfile');
  const globals = `{\n\tadmin off\n\tauto_https disable_redirects\n\tdefault_bind ${HOST}\n}\n`;
  const site = '{$SECURECHAT_DOMAIN} {\n';
  return globals + replaceOnce(sample, site, `${site}\ttls ${folder}/cert.pem ${folder}/key.pem\n`);
}

/** The sample as it is shipped but for names, places and files, inside what a main file of Debian says that matters. */
async function nginxConfiguration({ folder, port, plainPort, upstreamPort, domain }: Ground): Promise<string> {
  const replacements: readonly (readonly [string, string])[] = [
    ['server 127.0.0.1:3000;', `server ${HOST}:${upstreamPort};`],
    ['listen 80;', `listen ${HOST}:${plainPort};`],
    ['listen [::]:80;', ''],
    ['listen 443 ssl;', `listen ${HOST}:${port} ssl;`],
    ['listen [::]:443 ssl;', ''],
    ['/etc/letsencrypt/live/chat.example.org/fullchain.pem', join(folder, 'cert.pem')],
    ['/etc/letsencrypt/live/chat.example.org/privkey.pem', join(folder, 'key.pem')],
  ];
  const sample = replacements.reduce((text, [from, to]) => replaceOnce(text, from, to), await readSample('nginx.conf'));
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`);
  // Workers of another user could not enter the folder of the test.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  return `
${user} daemon off; worker_processes 2; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 256; }
http {
  access_log off; ${places.join(' ')}
  gzip on; gzip_proxied any; gzip_min_length 1; gzip_types application/json application/problem+json;
  ${sample.replaceAll('chat.example.org', domain)}
}`;
}

async function readSample(name: string): Promise<string> {
  return readFile(join(PROJECT_ROOT, 'deploy', name), 'utf8');
}

/** A sample that no longer says what is replaced must not go unnoticed. */
function replaceOnce(text: string, from: string, to: string): string {
  if (text.split(from).length !== 2) throw new Error(`The sample does not say "${from.trim()}" once.`);
  return text.replace(from, () => to);
}

function shakeHands({ port, domain, authorityPem }: Ground): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: HOST, port, servername: domain, ca: authorityPem }, () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
