import { spawnSync } from 'node:child_process';
import { chown, lchown, readFile, readdir, stat } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';

/** The system user that PostgreSQL runs as. */
export interface PostgresIdentity {
  readonly uid: number;
  readonly gid: number;
}

/** How to start a program so that it runs as the right user. */
export interface LaunchPlan {
  /** Words to put before the program and its arguments. */
  readonly prefix: readonly string[];
  readonly spawnAs: { readonly uid?: number; readonly gid?: number };
}

const OWN_USER = 'securechat';

/**
 * Chooses the user to run PostgreSQL as: null for the current one; as root, whom PostgreSQL refuses, `postgres` if
 * the system has it, else `securechat`, made where that is possible, else `nobody`.
 */
export async function choosePostgresIdentity(): Promise<PostgresIdentity | null> {
  if (process.getuid?.() !== 0) return null;
  const existing = (await findSystemUser('postgres')) ?? (await findSystemUser(OWN_USER));
  if (existing !== null) return existing;
  spawnSync('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', OWN_USER], { stdio: 'ignore' });
  const found = (await findSystemUser(OWN_USER)) ?? (await findSystemUser('nobody'));
  if (found !== null) return found;
  throw new EmbeddedPostgresError(
    'start_failed',
    'PostgreSQL refuses to run as root and this system has no other user for it. Start as an ordinary user, or set DATABASE_URL.',
  );
}

async function findSystemUser(name: string): Promise<PostgresIdentity | null> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const fields = passwd.split('\n').map((line) => line.split(':')).find(([user]) => user === name);
  const [uid, gid] = [Number(fields?.[2]), Number(fields?.[3])];
  return fields !== undefined && uid > 0 && Number.isInteger(gid) ? { uid, gid } : null;
}

/** Gives a path to this user, a folder with everything below it; nothing happens where it is theirs already. */
export async function giveTo(identity: PostgresIdentity | null, path: string): Promise<void> {
  if (identity === null || (await stat(path)).uid === identity.uid) return;
  await chown(path, identity.uid, identity.gid);
  if (!(await stat(path)).isDirectory()) return;
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    await lchown(join(entry.parentPath, entry.name), identity.uid, identity.gid);
  }
}

/**
 * Plans how to start `program` as this user. Where a folder on the way to the program or to `dataFolder` is closed to
 * that user, setpriv leaves it the one capability to read past permissions; without setpriv that is an
 * {@link EmbeddedPostgresError} `unreachable_folder`.
 */
export async function planLaunch(identity: PostgresIdentity | null, program: string, dataFolder: string): Promise<LaunchPlan> {
  if (identity === null) return { prefix: [], spawnAs: {} };
  const closed = (await firstClosedFolder(identity, dirname(program))) ?? (await firstClosedFolder(identity, dirname(dataFolder)));
  const executable = await allows(identity, program);
  if (closed === null && executable) return { prefix: [], spawnAs: identity };
  const setpriv = await findProgram('setpriv');
  if (setpriv === null) {
    throw new EmbeddedPostgresError(
      'unreachable_folder',
      `The user that PostgreSQL runs as cannot enter ${closed ?? program}. Move the project and its data out of that folder or open the folder (chmod o+x), install setpriv (util-linux), or set DATABASE_URL.`,
    );
  }
  // Reading past permissions does not cover executing: a program closed to others needs the wider capability.
  const capability = executable ? '+dac_read_search' : '+dac_override';
  return {
    prefix: [
      setpriv, `--reuid=${identity.uid}`, `--regid=${identity.gid}`, '--clear-groups', '--securebits=+no_setuid_fixup',
      `--inh-caps=${capability}`, `--ambient-caps=${capability}`, '--',
    ],
    spawnAs: {},
  };
}

async function firstClosedFolder(identity: PostgresIdentity, folder: string): Promise<string | null> {
  for (let at = folder; ; at = dirname(at)) {
    if (!(await allows(identity, at))) return at;
    if (at === dirname(at)) return null;
  }
}

/** Tells whether the permission bits let this user, without further groups, execute a file or search a folder. */
async function allows(identity: PostgresIdentity, path: string): Promise<boolean> {
  const { mode, uid, gid } = await stat(path);
  const bit = uid === identity.uid ? 0o100 : gid === identity.gid ? 0o010 : 0o001;
  return (mode & bit) !== 0;
}

async function findProgram(name: string): Promise<string | null> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/bin'];
  for (const folder of folders) {
    const path = join(folder, name);
    if (folder !== '' && (await stat(path).catch(() => null))?.isFile() === true) return path;
  }
  return null;
}
