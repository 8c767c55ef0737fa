import { expect, test } from 'vitest';
import { findTool } from './find-tool.ts';
import type { Surroundings } from './find-tool.ts';

/** A machine that has the programs at these paths; `installs` are those that appear when a package is installed. */
function machine(options: { readonly has?: readonly string[]; readonly installs?: Readonly<Record<string, string>>; readonly environment?: Record<string, string>; readonly canInstall?: boolean }) {
  const { has = [], installs = {}, environment = { PATH: '/opt/bin:/usr/bin' }, canInstall = false } = options;
  const present = new Set(has);
  const installed: string[] = [];
  const lines: string[] = [];
  const surroundings: Surroundings = {
    environment,
    canInstall,
    isExecutable: (path) => present.has(path),
    async install(packageName) {
      installed.push(packageName);
      const path = installs[packageName];
      if (path !== undefined) present.add(path);
      return path === undefined ? 100 : 0;
    },
    log: (line) => void lines.push(line),
  };
  return { surroundings, installed, lines };
}

test('the program that the environment names is taken before that in PATH', async () => {
  const { surroundings } = machine({ has: ['/home/me/nginx', '/usr/bin/nginx'], environment: { PATH: '/usr/bin', SECURECHAT_NGINX: '/home/me/nginx' } });
  expect(await findTool('nginx', surroundings)).toBe('/home/me/nginx');
});

test('a named program that is not there is an error, never replaced by another', async () => {
  const { surroundings, installed } = machine({ has: ['/usr/bin/nginx'], environment: { PATH: '/usr/bin', SECURECHAT_NGINX: '/home/me/nginx' }, canInstall: true });
  await expect(findTool('nginx', surroundings)).rejects.toThrow('SECURECHAT_NGINX names "/home/me/nginx", which is no executable file.');
  expect(installed).toEqual([]);
});

test('the first folder of PATH that has it wins, and /usr/sbin is looked at beside PATH', async () => {
  expect(await findTool('caddy', machine({ has: ['/usr/bin/caddy', '/opt/bin/caddy'] }).surroundings)).toBe('/opt/bin/caddy');
  const { surroundings, installed, lines } = machine({ has: ['/usr/sbin/named'], canInstall: true });
  expect(await findTool('named', surroundings)).toBe('/usr/sbin/named');
  expect([installed, lines]).toEqual([[], []]);
});

test.each([
  ['named', 'bind9', '/usr/sbin/named'],
  ['caddy', 'caddy', '/usr/bin/caddy'],
  ['nginx', 'nginx-light', '/usr/sbin/nginx'],
] as const)('%s comes from the package %s where packages can be installed, and that is said', async (name, packageName, path) => {
  const { surroundings, installed, lines } = machine({ canInstall: true, installs: { [packageName]: path } });
  expect(await findTool(name, surroundings)).toBe(path);
  expect(installed).toEqual([packageName]);
  expect(lines).toEqual([`${name}: not found, trying \`apt-get install ${packageName}\` …`]);
});

test('where nothing can be installed the error says what to install or to set', async () => {
  const { surroundings, installed } = machine({});
  await expect(findTool('named', surroundings)).rejects.toThrow(
    'named was not found: install the package bind9 of Debian, or set SECURECHAT_NAMED to the path of the program.',
  );
  expect(installed).toEqual([]);
});

test('where the installation fails the error says how it ended and what to do', async () => {
  const { surroundings } = machine({ canInstall: true });
  await expect(findTool('caddy', surroundings)).rejects.toThrow(
    'caddy was not found, and `apt-get install caddy` ended with exit code 100: install the package caddy of Debian, or set SECURECHAT_CADDY to the path of the program.',
  );
});
