import { argon2id } from 'hash-wasm';
import { decodeBase64, encodeBase64 } from '../../protocol/base64.ts';
import type { RandomBytes } from '../../e2ee/random.ts';

const HASH_BYTES = 64;
const SALT_BYTES = 16;

/** Cost and salt of one account's Argon2id run: memory in KiB, salt b64 of 16 bytes. @see docs/protocol.md [E2E-11] */
export interface PasswordHashing {
  readonly algorithm: 'argon2id';
  readonly salt: string;
  readonly memoryKiB: number;
  readonly iterations: number;
  readonly parallelism: number;
}

/** Hashes a password to 64 bytes; parameters are checked by {@link isAcceptableHashing} before. */
export type HashPassword = (password: string, hashing: PasswordHashing) => Promise<Uint8Array>;

/** Chooses the cost of new accounts: well above the floor, some tenths of a second on a small machine. */
export function createPasswordHashing(random: RandomBytes): PasswordHashing {
  return { algorithm: 'argon2id', salt: encodeBase64(random(SALT_BYTES)), memoryKiB: 65_536, iterations: 3, parallelism: 1 };
}

/**
 * Tells whether parameters that a server names may be used: not below OWASP's floor, so that no server can ask for a
 * hash that is cheap to search, and not so high that it could freeze the device.
 * @see OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB, 2 iterations, 1 lane; docs/protocol.md [E2E-11]
 */
export function isAcceptableHashing(hashing: PasswordHashing): boolean {
  const { algorithm, salt, memoryKiB, iterations, parallelism } = hashing;
  return (
    algorithm === 'argon2id' &&
    isSalt(salt) &&
    isWithin(memoryKiB, 19_456, 1_048_576) &&
    isWithin(iterations, 2, 16) &&
    isWithin(parallelism, 1, 16)
  );
}

/** Hashes with Argon2id in WebAssembly; the password is taken in NFKC, so that every keyboard gives the same bytes. */
export const hashPassword: HashPassword = (password, { salt, memoryKiB, iterations, parallelism }) =>
  argon2id({
    password: password.normalize('NFKC'),
    salt: decodeBase64(salt),
    memorySize: memoryKiB,
    iterations,
    parallelism,
    hashLength: HASH_BYTES,
    outputType: 'binary',
  });

function isWithin(value: number, lowest: number, highest: number): boolean {
  return Number.isInteger(value) && value >= lowest && value <= highest;
}

function isSalt(text: string): boolean {
  try {
    return decodeBase64(text).length === SALT_BYTES;
  } catch {
    return false;
  }
}
