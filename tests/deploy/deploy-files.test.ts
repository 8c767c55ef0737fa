import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { SETTINGS } from '../../server/config/settings.ts';
import { parseCaddyfile } from './parse-caddyfile.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const service = z.object({
  image: z.string(),
  user: z.string().optional(),
  healthcheck: z.object({ test: z.array(z.string()).min(2) }),
  environment: z.record(z.string(), z.string()).default({}),
  secrets: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  networks: z.array(z.string()).min(1),
  depends_on: z.record(z.string(), z.object({ condition: z.literal('service_healthy') })).default({}),
});
const composeFile = z.object({
  services: z.record(z.string(), service),
  networks: z.record(z.string(), z.unknown()),
  volumes: z.record(z.string(), z.unknown()),
  secrets: z.record(z.string(), z.object({ file: z.string() })),
});

describe('compose.yaml', () => {
  const compose = composeFile.parse(parse(read('compose.yaml')));
  const services = Object.values(compose.services);

  test('every service has a healthcheck, and nothing starts before what it needs is healthy', () => {
    expect(Object.keys(compose.services)).toEqual(['app', 'database', 'proxy']);
    const needs = Object.entries(compose.services).map(([name, { depends_on }]) => [name, Object.keys(depends_on)]);
    expect(Object.fromEntries(needs)).toEqual({ app: ['database'], database: [], proxy: ['app'] });
  });

  test('the instance runs as a user that is not root', () => {
    expect(compose.services['app']?.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });

  test('secrets come from files, never inline', () => {
    for (const { environment } of services) {
      const inline = Object.keys(environment).filter((name) => /PASSWORD|SECRET$|_SECRET|PRIVATE_KEY|DATABASE_URL/.test(name) && !name.endsWith('_FILE'));
      expect(inline).toEqual([]);
    }
    const files = services.flatMap(({ environment }) => Object.entries(environment).filter(([name]) => name.endsWith('_FILE')));
    const granted = services.flatMap(({ secrets }) => secrets);
    expect(files.map(([, path]) => path.replace('/run/secrets/', '')).toSorted()).toEqual(granted.toSorted());
    expect(granted.toSorted()).toEqual(Object.keys(compose.secrets).toSorted());
  });

  test('every setting it gives the instance is one that the instance knows', () => {
    const names = Object.keys(compose.services['app']?.environment ?? {}).map((name) => name.replace(/_FILE$/, ''));
    expect(names.filter((name) => !Object.hasOwn(SETTINGS, name))).toEqual([]);
  });

  test('every volume and network that a service names is declared', () => {
    const volumes = services.flatMap((one) => one.volumes.map((volume) => volume.split(':')[0] ?? '')).filter((name) => !name.startsWith('.'));
    expect(volumes.filter((name) => !Object.hasOwn(compose.volumes, name))).toEqual([]);
    expect(services.flatMap((one) => one.networks).filter((name) => !Object.hasOwn(compose.networks, name))).toEqual([]);
  });
});

describe('deploy/make-secrets.sh', () => {
  let folder = '';
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const run = (): string => {
    const result = spawnSync('sh', [join(ROOT, 'deploy/make-secrets.sh'), folder], { encoding: 'utf8' });
    expect(result).toMatchObject({ status: 0, stderr: '' });
    return result.stdout;
  };

  test('makes each secret that compose.yaml names once, in a folder closed to others', () => {
    folder = mkdtempSync(join(tmpdir(), 'securechat-secrets-'));
    run();
    const names = Object.values(composeFile.parse(parse(read('compose.yaml'))).secrets).map(({ file }) => file.replace('deploy/secrets/', ''));
    const made = names.map((name) => readFileSync(join(folder, name), 'utf8').trim());
    expect(made.every((text) => text.length >= 64)).toBe(true);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const password = readFileSync(join(folder, 'postgres-password'), 'utf8').trim();
    expect(readFileSync(join(folder, 'database-url'), 'utf8').trim()).toBe(`postgresql://securechat:${password}@database:5432/securechat`);
    expect(run()).not.toContain('made');
    expect(names.map((name) => readFileSync(join(folder, name), 'utf8').trim())).toEqual(made);
  });
});

describe('Dockerfile', () => {
  const instructions = read('Dockerfile')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line));
  const lastStage = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));
  const find = (name: string): string => lastStage.find((line) => line.startsWith(`${name} `)) ?? '';

  test('builds in one stage and runs in another that takes the standalone folder alone', () => {
    expect(instructions.filter((line) => line.startsWith('FROM '))).toHaveLength(2);
    expect(lastStage.filter((line) => line.startsWith('COPY --from'))).toEqual(['COPY --from=build /src/dist/standalone ./']);
  });

  test('runs as a user that is not root, with a healthcheck, both ports and the data folder', () => {
    expect(find('USER')).toMatch(/^USER (?!root\b|0\b)\S+$/);
    expect(find('HEALTHCHECK')).toContain('CMD ["node", "/usr/local/lib/securechat/healthcheck.mjs"]');
    expect(find('EXPOSE')).toBe('EXPOSE 3000 8448');
    expect(find('VOLUME')).toBe('VOLUME /data');
    expect(find('ENV')).toContain('SECURECHAT_DATA_DIR=/data');
    expect(lastStage.indexOf(find('USER'))).toBeLessThan(lastStage.indexOf(find('CMD')));
  });

  test('what it copies by name is there, and secrets are kept out of its context', () => {
    const sources = lastStage.filter((line) => /^COPY (?!--from)/.test(line)).map((line) => line.split(' ')[1] ?? '');
    expect(sources.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    const ignored = read('.dockerignore').split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['.env', 'data', 'deploy/secrets', 'node_modules', '**/*.pem']));
  });
});

describe('deploy/healthcheck.mjs', () => {
  async function exitCodeFor(status: number): Promise<number> {
    const server = createServer((request, response) => response.writeHead(request.url === '/healthz' ? status : 404).end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const check = spawn(process.execPath, [join(ROOT, 'deploy/healthcheck.mjs')], { env: { ...process.env, PORT: String(port) } });
    const [code] = await once(check, 'exit');
    server.close();
    return Number(code);
  }

  test('is 0 for an instance that is alive and 1 for one that is not', async () => {
    expect(await exitCodeFor(200)).toBe(0);
    expect(await exitCodeFor(503)).toBe(1);
  });
});

describe('vercel.json', () => {
  const config = z
    .object({ framework: z.literal('nextjs'), buildCommand: z.string(), crons: z.array(z.object({ path: z.string(), schedule: z.string() })) })
    .parse(JSON.parse(read('vercel.json')));

  test('the scheduled path is a route', () => {
    expect(config.crons).toEqual([{ path: '/api/cron/deliver', schedule: '* * * * *' }]);
    expect(existsSync(join(ROOT, 'app/api/cron/deliver/route.ts'))).toBe(true);
  });

  test('the build command is a script of the package', () => {
    const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read('package.json')));
    expect(scripts).toHaveProperty(config.buildCommand.replace('npm run ', ''));
  });
});

describe('deploy/Caddyfile', () => {
  const KNOWN_DIRECTIVES = new Set(['respond', 'encode', 'header', 'reverse_proxy']);

  const caddyBinary = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'caddy')).find((path) => existsSync(path));

  /** Asks Caddy itself where it is installed, else checks the structure and that every directive is one that we know of. */
  function findFault(text: string): string | null {
    return caddyBinary === undefined ? findStructuralFault(text) : askCaddy(caddyBinary, text);
  }

  function askCaddy(binary: string, text: string): string | null {
    const caddy = spawnSync(binary, ['validate', '--adapter', 'caddyfile', '--config', '-'], {
      input: text,
      encoding: 'utf8',
      env: { ...process.env, SECURECHAT_DOMAIN: 'chat.example.org' },
    });
    return caddy.status === 0 ? null : caddy.stderr;
  }

  function findStructuralFault(text: string): string | null {
    try {
      const unknown = parseCaddyfile(text)
        .flatMap(({ block }) => block ?? [])
        .map(({ words }) => words[0] ?? '')
        .filter((word) => !word.startsWith('@') && !KNOWN_DIRECTIVES.has(word));
      return unknown.length === 0 ? null : `unknown: ${unknown.join(' ')}`;
    } catch (error) {
      return String(error);
    }
  }

  test('is valid, and a broken copy is not', () => {
    const text = read('deploy/Caddyfile');
    expect(findFault(text)).toBeNull();
    expect(findFault(text.replace(/\}\s*$/, ''))).not.toBeNull();
    expect(findFault(`${text}\n}`)).not.toBeNull();
    expect(findFault(text.replace('reverse_proxy', 'reverse_prox'))).not.toBeNull();
  });

  test('[SIG-2] hands on every path of servers untouched and answers them without an encoding', () => {
    const [site] = parseCaddyfile(read('deploy/Caddyfile'));
    const directives = site?.block ?? [];
    expect(directives.filter(({ words }) => /^(?:rewrite|uri|handle_path|redir|method)$/.test(words[0] ?? ''))).toEqual([]);
    const matcher = directives.find(({ words }) => words[0] === '@pages');
    expect(matcher?.words.slice(1, 4)).toEqual(['not', 'path', '/federation/*']);
    expect(directives.filter(({ words }) => words[0] === 'encode').map(({ words }) => words[1])).toEqual(['@pages']);
  });
});

describe('deploy/nginx.conf', () => {
  const text = read('deploy/nginx.conf').replaceAll(/#.*/g, '');

  test('its braces balance and every simple directive ends with a semicolon', () => {
    expect(text.split('{').length).toBe(text.split('}').length);
    const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '');
    expect(lines.filter((line) => !/[;{}]$/.test(line))).toEqual([]);
  });

  test('[SIG-2] hands on the request line as it came: no proxy_pass has a path, nothing is rewritten', () => {
    const passes = [...text.matchAll(/proxy_pass\s+(\S+);/g)].map(([, target]) => target);
    expect(passes).toEqual(['http://securechat', 'http://securechat', 'http://securechat']);
    expect(text).not.toMatch(/\brewrite\b/);
  });

  test('[API-10] states the source address itself wherever it passes a request on', () => {
    const passing = text.split('location').filter((location) => location.includes('proxy_pass'));
    expect(passing.every((location) => /X-Forwarded-For\s+\$remote_addr;/.test(location))).toBe(true);
  });
});
