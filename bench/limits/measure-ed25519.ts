import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { perSecond } from '../statistics.ts';

const DURATION_MS = 1_000;
const MESSAGE_BYTES = 200;
const PER_LOOK = 100;

/** Measures how many Ed25519 signatures OpenSSL verifies in a second on one core, over a text as long as a canonical string. */
export function measureEd25519(): { readonly verificationsPerSecond: number } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const message = randomBytes(MESSAGE_BYTES);
  const signature = sign(null, message, privateKey);
  let count = 0;
  const startedAtMs = performance.now();
  while (performance.now() - startedAtMs < DURATION_MS) {
    for (let index = 0; index < PER_LOOK; index += 1) if (!verify(null, message, publicKey, signature)) throw new Error('OpenSSL refused its own signature');
    count += PER_LOOK;
  }
  return { verificationsPerSecond: perSecond(count, performance.now() - startedAtMs) };
}
