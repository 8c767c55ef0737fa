import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeBase64Url, encodeBase64, encodeBase64Url } from '../../../protocol/base64.ts';
import { parseKeyId } from '../../../protocol/ids.ts';
import type { Domain, KeyId } from '../../../protocol/ids.ts';

const KEY_FILE = 'federation-key.pem';
const KEY_ID_LENGTH = 16;
const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;

/** The federation key that signs for one domain; the secret stays inside. @see docs/protocol.md [KEY-1] */
export interface OwnKeys {
  readonly domain: Domain;
  readonly kid: KeyId;
  /** Base64 of 32 bytes. */
  readonly publicKey: string;
  /** Signs the UTF-8 bytes of a text with Ed25519 and gives base64 of 64 bytes. */
  sign(input: string): string;
}

/** A new federation key: `pem` is PKCS#8 and secret, `publicKey` base64 of 32 bytes. */
interface GeneratedFederationKey {
  readonly pem: string;
  readonly kid: KeyId;
  readonly publicKey: string;
}

/** Where the key comes from: a PEM text, or a folder that holds the key file. */
type OwnKeySource =
  | { readonly domain: Domain; readonly pem: string }
  | {
      readonly domain: Domain;
      readonly directory: string;
      /** Makes the key once where the folder has none. */
      readonly create: boolean;
    };

const FAULTS = {
  missing: 'There is no federation key; make one with `securechat keys generate`.',
  unreadable: 'The federation key file cannot be read or written.',
  not_ed25519: 'The federation key is not an Ed25519 private key in PKCS#8 PEM.',
} as const;

/** Says why there is no usable federation key, in the closed `code`; the cause names the file, never its content. */
export class OwnKeyError extends Error {
  override readonly name = 'OwnKeyError';
  readonly code: keyof typeof FAULTS;

  constructor(code: keyof typeof FAULTS, options?: ErrorOptions) {
    super(FAULTS[code], options);
    this.code = code;
  }
}

/** Generates a federation key from the system's randomness. @see docs/protocol.md [KEY-1] */
export function generateFederationKey(): GeneratedFederationKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { pem, ...describeKey(privateKey) };
}

/**
 * Loads the key that signs for `domain`, making its file (mode 0600) once where that is asked for. Several processes
 * that start together end up with the same key. Throws {@link OwnKeyError}.
 * @see docs/protocol.md [KEY-1]
 */
export async function loadOwnKeys(source: OwnKeySource): Promise<OwnKeys> {
  const privateKey = readPrivateKey('pem' in source ? source.pem : await readKeyFile(source));
  return {
    domain: source.domain,
    ...describeKey(privateKey),
    sign: (input) => sign(null, Buffer.from(input, 'utf8'), privateKey).toString('base64'),
  };
}

async function readKeyFile({ directory, create }: { directory: string; create: boolean }): Promise<string> {
  const path = join(directory, KEY_FILE);
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT')) throw new OwnKeyError('unreadable', { cause });
    if (!create) throw new OwnKeyError('missing', { cause });
  }
  try {
    await makeKeyFile(directory, path);
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new OwnKeyError('unreadable', { cause });
  }
}

/** Writes the whole file under another name first: a crash leaves no half key, a second process no second key. */
async function makeKeyFile(directory: string, path: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: OWNER_ONLY_DIRECTORY });
  const draft = `${path}.${randomUUID()}`;
  // The comment keeps the bundler of the pages from tracing the whole tree for this path.
  const file = await open(/* turbopackIgnore: true */ draft, 'wx', OWNER_ONLY_FILE);
  try {
    await file.writeFile(generateFederationKey().pem);
    await file.sync();
    await link(draft, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
}

function readPrivateKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey({ key: pem, format: 'pem' });
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // The parser's own words may quote what it read.
  }
  throw new OwnKeyError('not_ed25519');
}

function describeKey(privateKey: KeyObject): { kid: KeyId; publicKey: string } {
  const publicKey = decodeBase64Url(createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '');
  const fingerprint = encodeBase64Url(createHash('sha256').update(publicKey).digest());
  return { kid: parseKeyId(fingerprint.slice(0, KEY_ID_LENGTH)), publicKey: encodeBase64(publicKey) };
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
