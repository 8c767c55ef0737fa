import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './run-step.ts';

/** A server of somebody else's that tests run ours against. */
type ToolName = 'named' | 'caddy' | 'nginx';

/** What the search for a program depends on. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly isExecutable: (path: string) => boolean;
  /** Whether Debian's packages can be installed: apt-get is there, and we may use it. */
  readonly canInstall: boolean;
  /** Installs a package of Debian's without starting its service; answers the exit code. */
  readonly install: (packageName: string) => Promise<number>;
  readonly log: (line: string) => void;
}

const PACKAGES: { readonly [Name in ToolName]: string } = { named: 'bind9', caddy: 'caddy', nginx: 'nginx-light' };
/** Where Debian keeps servers, which is not in the PATH of everybody. */
const FURTHER_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

/**
 * Installs one package. No service may start, on a port that is not ours to take: invoke-rc.d asks policy-rc.d, and 101
 * forbids. A policy that was there stands again afterwards. `flock` keeps two test files apart, which apt itself does
 * not do for its lists.
 */
const INSTALL_SCRIPT = `
exec 9>/var/cache/apt/securechat-find-tool.lock
flock 9
policy=/usr/sbin/policy-rc.d
restore() { rm -f "$policy"; if [ -e "$policy.before" ]; then mv "$policy.before" "$policy"; fi; }
trap restore EXIT
trap 'exit 130' HUP INT TERM
if [ -e "$policy" ] && [ ! -e "$policy.before" ]; then mv "$policy" "$policy.before"; fi
printf '#!/bin/sh\\nexit 101\\n' > "$policy"
chmod 755 "$policy"
if ! apt-cache show "$1" > /dev/null 2>&1; then apt-get update -q; fi
apt-get install -y -q --no-install-recommends "$1" || { apt-get update -q && apt-get install -y -q --no-install-recommends "$1"; }
`;

/**
 * Finds a program: named by SECURECHAT_<NAME>, in PATH, where Debian keeps servers, or newly installed from Debian's
 * packages where that is possible. Throws a sentence that says what to install.
 */
export async function findTool(name: ToolName, surroundings: Surroundings = thisMachine()): Promise<string> {
  const { environment, isExecutable, canInstall, install, log } = surroundings;
  const variable = `SECURECHAT_${name.toUpperCase()}`;
  const chosen = environment[variable];
  if (chosen !== undefined && chosen !== '') {
    if (isExecutable(chosen)) return chosen;
    throw new Error(`${variable} names "${chosen}", which is no executable file.`);
  }
  const packageName = PACKAGES[name];
  const advice = `install the package ${packageName} of Debian, or set ${variable} to the path of the program`;
  const present = search(name, surroundings);
  if (present !== undefined) return present;
  if (!canInstall) throw new Error(`${name} was not found: ${advice}.`);
  log(`${name}: not found, trying \`apt-get install ${packageName}\` …`);
  const code = await install(packageName);
  const installed = search(name, surroundings);
  if (installed !== undefined) return installed;
  throw new Error(`${name} was not found, and \`apt-get install ${packageName}\` ended with exit code ${code}: ${advice}.`);
}

function search(name: ToolName, { environment, isExecutable }: Surroundings): string | undefined {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...folders, ...FURTHER_FOLDERS].map((folder) => join(folder, name)).find(isExecutable);
}

function thisMachine(): Surroundings {
  return {
    environment: process.env,
    isExecutable,
    canInstall: isExecutable('/usr/bin/apt-get') && process.getuid?.() === 0,
    install: (packageName) => run('sh', ['-ec', INSTALL_SCRIPT, 'sh', packageName], { DEBIAN_FRONTEND: 'noninteractive' }),
    log: (line) => void process.stdout.write(`${line}\n`),
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
