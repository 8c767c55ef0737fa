import { readFileSync, statSync } from 'node:fs';
import type { Clock } from '../../domain/ports.ts';
import { keyFilePath } from './key-file.ts';
import { readKeyRing } from './key-ring.ts';
import type { KeyRing } from './key-ring.ts';

const LOOK_INTERVAL_MS = 1_000;

interface WatchOptions {
  readonly directory: string;
  /** What the file held when it was first read. */
  readonly ring: KeyRing;
  readonly clock: Clock;
  /** Told once each time the file stops being readable; the keys at hand stay in use. */
  readonly onUnreadable: (error: unknown) => void;
}

/**
 * Creates the view of a key file that other processes may replace: each call looks at it at most once in a second, and
 * reads it only where it is another one. A file that cannot be read takes no key away.
 * @see docs/protocol.md [KEY-6]
 */
export function watchKeyFile({ directory, ring, clock, onUnreadable }: WatchOptions): () => KeyRing {
  const path = keyFilePath(directory);
  let known = ring;
  let version: string | null = null;
  let lookedAtMs = -Infinity;
  let isReadable = true;

  function look(): void {
    const found = versionOf(path);
    if (found === version) return;
    known = readKeyRing(readFileSync(/* turbopackIgnore: true */ path, 'utf8'));
    version = found;
  }

  return () => {
    const nowMs = clock.now().getTime();
    // The distance either way: a clock that was set back must not stop the looking.
    if (Math.abs(nowMs - lookedAtMs) < LOOK_INTERVAL_MS) return known;
    lookedAtMs = nowMs;
    try {
      look();
      isReadable = true;
    } catch (error) {
      if (isReadable) onUnreadable(error);
      isReadable = false;
    }
    return known;
  };
}

/** Tells one file from the next: each change is a new file under the same name. */
function versionOf(path: string): string {
  const { dev, ino, mtimeNs, size } = statSync(/* turbopackIgnore: true */ path, { bigint: true });
  return [dev, ino, mtimeNs, size].join(' ');
}
