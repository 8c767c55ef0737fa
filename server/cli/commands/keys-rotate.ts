import type { Command } from 'commander';
import { readConfig } from '../../config/read-config.ts';
import type { KeyRing } from '../../federation/keys/key-ring.ts';
import { MIN_LISTED_AFTER_SECONDS, replaceKeyRing, rotateKeyRing, SIGN_AFTER_SECONDS } from '../../federation/keys/rotate-key-ring.ts';
import { generateKeyPem } from '../../federation/keys/signing-key.ts';
import { changeConfiguredRing } from '../configured-keys.ts';
import { describeKeyRing } from '../describe-key-ring.ts';
import { UsageError } from '../exit.ts';
import { printOutcome } from '../print.ts';

interface RotateOptions {
  readonly signAfter?: string;
  readonly shortOverlap?: boolean;
  readonly listFor?: string;
  readonly compromised?: boolean;
  readonly json?: boolean;
}

const MAX_SECONDS = 366 * 86_400;

const NEXT_NOTES = [
  'Running processes that share this data folder follow within a second. If you publish TXT records, publish those of `securechat dns` now,',
  'and once more when the former key is no longer listed.',
];
const EARLY_NOTE =
  'The next key signs sooner than an hour from now: peers that hold an older copy of the key document may refuse what it signs for a while; it is sent again.';
const COMPROMISED_NOTES = [
  'WARNING: every former key is taken out at once and the new one signs from now on.',
  'Peers forget a former key within an hour, those that cannot reach the key document within 24 hours; until then they believe whoever holds it.',
  'Peers that just fetched the key document may refuse what the new key signs at first; it is sent again.',
  'If you publish TXT records, replace them with those of `securechat dns` at once: a record of a former key is believed where the document cannot be reached.',
];

/** Adds `keys rotate`. @see docs/protocol.md [KEY-6] */
export function addKeysRotateCommand(keys: Command): void {
  keys
    .command('rotate')
    .description('make the next federation key: listed at once, it signs later, and the present one stays listed for a day after that')
    .option('--sign-after <seconds>', `from when the next key signs; at least ${SIGN_AFTER_SECONDS}, the default, unless --short-overlap is given`)
    .option('--short-overlap', 'let the next key sign sooner than every peer has read of it; what they refuse meanwhile is sent again')
    .option('--list-for <seconds>', `how long the present key stays listed after it signed last; at least ${MIN_LISTED_AFTER_SECONDS}, the default`)
    .option('--compromised', 'take every present key out at once and let the new one sign at once')
    .option('--json', 'print one JSON object')
    .action(rotate);
}

async function rotate(options: RotateOptions): Promise<void> {
  const plan = options.compromised === true ? planReplacement(options) : planRotation(options);
  const config = readConfig(process.env);
  const now = new Date();
  const ring = await changeConfiguredRing(config, (present) => plan.change(present, now));
  const { json, lines } = describeKeyRing(ring, { domain: config.domain, now });
  printOutcome(options, { json: { ...json, notes: plan.notes }, lines: [...lines, '', ...plan.notes] });
}

interface Plan {
  readonly notes: readonly string[];
  change(ring: KeyRing, now: Date): KeyRing;
}

function planReplacement({ signAfter, shortOverlap, listFor }: RotateOptions): Plan {
  if (signAfter !== undefined || shortOverlap !== undefined || listFor !== undefined) {
    throw new UsageError('--compromised leaves nothing listed and waits for nothing: use it without --sign-after, --short-overlap and --list-for.');
  }
  return { notes: COMPROMISED_NOTES, change: () => replaceKeyRing(generateKeyPem()) };
}

function planRotation({ signAfter, shortOverlap, listFor }: RotateOptions): Plan {
  const signAfterSeconds = readSeconds('--sign-after', signAfter, SIGN_AFTER_SECONDS);
  const listForSeconds = readSeconds('--list-for', listFor, MIN_LISTED_AFTER_SECONDS);
  if (signAfterSeconds < SIGN_AFTER_SECONDS && shortOverlap !== true) {
    throw new UsageError(
      `--sign-after is at least ${SIGN_AFTER_SECONDS} s, as peers keep a copy of the key document that long and refuse what a key signs that is not in it [KEY-6]; add --short-overlap to let it sign sooner all the same.`,
    );
  }
  if (listForSeconds < MIN_LISTED_AFTER_SECONDS) {
    throw new UsageError(
      `--list-for is at least ${MIN_LISTED_AFTER_SECONDS} s, as messages signed before may be under way that long [KEY-6]; for a stolen key use --compromised.`,
    );
  }
  return {
    notes: signAfterSeconds < SIGN_AFTER_SECONDS ? [...NEXT_NOTES, EARLY_NOTE] : NEXT_NOTES,
    change: (ring, now) => rotateKeyRing(ring, { now, pem: generateKeyPem(), signAfterSeconds, listForSeconds }),
  };
}

function readSeconds(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const seconds = /^[0-9]{1,9}$/.test(text) ? Number(text) : NaN;
  if (!(seconds <= MAX_SECONDS)) throw new UsageError(`${name} is a whole number of seconds, at most ${MAX_SECONDS}.`);
  return seconds;
}
