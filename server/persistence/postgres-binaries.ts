import { realpath } from 'node:fs/promises';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';

/** Where the programs of PostgreSQL lie, as real absolute paths. */
export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** Finds the PostgreSQL that was installed for this platform; throws {@link EmbeddedPostgresError} `no_binaries` where there is none. */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const found: unknown = await import(name);
    return { postgres: await realpath(readPath(found, 'postgres')), initdb: await realpath(readPath(found, 'initdb')) };
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'no_binaries',
      `PostgreSQL for this platform is not installed (package ${name}). Install the optional dependencies, or set DATABASE_URL to a PostgreSQL of your own.`,
      { cause },
    );
  }
}

function readPath(module: unknown, name: string): string {
  const path: unknown = typeof module === 'object' && module !== null ? Reflect.get(module, name) : undefined;
  if (typeof path !== 'string') throw new TypeError(`The package names no ${name}.`);
  return path;
}
