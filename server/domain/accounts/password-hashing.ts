import { createHmac } from 'node:crypto';
import { decodeBase64 } from '../../../protocol/base64.ts';
import type { Username } from '../../../protocol/ids.ts';
import { DomainError } from '../domain-error.ts';
import type { PasswordHashing } from '../ports.ts';

/** OWASP's floor for Argon2id: 19 MiB, two passes. @see docs/protocol.md [E2E-11] */
const MIN_MEMORY_KIB = 19_456;
const MIN_ITERATIONS = 2;
const SALT_BYTES = 16;

/** What our own browser client uses for a new account, and so what an unknown user appears to use. */
const USUAL: Omit<PasswordHashing, 'salt'> = { algorithm: 'argon2id', memoryKiB: 65_536, iterations: 3, parallelism: 1 };

/** Refuses parameters below the floor. @throws DomainError `password_hashing_too_weak` */
export function assertStrongHashing(hashing: PasswordHashing): void {
  const strong =
    hashing.memoryKiB >= MIN_MEMORY_KIB && hashing.iterations >= MIN_ITERATIONS && saltLength(hashing.salt) === SALT_BYTES;
  if (!strong) throw new DomainError('password_hashing_too_weak');
}

/** Makes up the parameters of an unknown user: always the same for one name, so that they do not tell who exists. */
export function decoyHashing(username: Username, secret: string): PasswordHashing {
  const salt = createHmac('sha256', secret).update(`decoy-salt\n${username}`).digest().subarray(0, SALT_BYTES);
  return { ...USUAL, salt: salt.toString('base64') };
}

function saltLength(salt: string): number {
  try {
    return decodeBase64(salt).length;
  } catch {
    return 0;
  }
}
