import { decodeBase64, encodeBase64 } from './base64.ts';
import { parseDomain, parseKeyId } from './ids.ts';
import type { Domain, KeyId } from './ids.ts';

/** Is the name of the header, in lower case as Node and fetch give it. @see docs/protocol.md [SIG-1] */
export const SIGNATURE_HEADER = 'x-federation-signature';

/** The six parameters of the header. @see docs/protocol.md [SIG-1] */
export interface FederationSignature {
  /** The domain that signs. */
  readonly keyId: Domain;
  readonly kid: KeyId;
  /** The domain that is meant to read it. */
  readonly destination: Domain;
  /** Unix seconds. */
  readonly created: number;
  /** 22 base64url characters of 128 random bits. */
  readonly nonce: string;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** Says that a header is not of its form; never echoes it. */
export class SignatureHeaderError extends Error {
  override readonly name = 'SignatureHeaderError';
  readonly code = 'signature_malformed';

  constructor(options?: ErrorOptions) {
    super('The federation signature header is not of its form.', options);
  }
}

const PARAMETER_NAMES = ['keyId', 'kid', 'destination', 'created', 'nonce', 'signature'] as const;
type ParameterName = (typeof PARAMETER_NAMES)[number];

const PARAMETER = /([A-Za-z]+)="([^"]*)"/y;
const SEPARATOR = /, */y;
const CREATED = /^[0-9]{10}$/;
// 22 characters hold 132 bits; canonical ones leave the last four at zero.
const NONCE = /^[A-Za-z0-9_-]{21}[AQgw]$/;
const SIGNATURE_BYTES = 64;

/**
 * Reads the header's value: `param *("," *SP param)` with exactly the six parameters, each once, in any order.
 * Throws {@link SignatureHeaderError}.
 * @see docs/protocol.md [SIG-1]
 */
export function parseSignatureHeader(value: string): FederationSignature {
  const { keyId, kid, destination, created, nonce, signature } = readParameters(value);
  if (!CREATED.test(created) || !NONCE.test(nonce)) throw new SignatureHeaderError();
  const signatureBytes = checked(() => decodeBase64(signature));
  if (signatureBytes.length !== SIGNATURE_BYTES) throw new SignatureHeaderError();
  return {
    keyId: checked(() => parseDomain(keyId)),
    kid: checked(() => parseKeyId(kid)),
    destination: checked(() => parseDomain(destination)),
    created: Number(created),
    nonce,
    signature: signatureBytes,
  };
}

/** Writes the header's value, `created` padded to ten digits. @see docs/protocol.md [SIG-1] */
export function formatSignatureHeader(signature: FederationSignature): string {
  const values: Readonly<Record<ParameterName, string>> = {
    keyId: signature.keyId,
    kid: signature.kid,
    destination: signature.destination,
    created: String(signature.created).padStart(10, '0'),
    nonce: signature.nonce,
    signature: encodeBase64(signature.signature),
  };
  return PARAMETER_NAMES.map((name) => `${name}="${values[name]}"`).join(',');
}

function readParameters(value: string): Readonly<Record<ParameterName, string>> {
  const found = new Map<string, string>();
  let at = 0;
  for (;;) {
    PARAMETER.lastIndex = at;
    const [parameter, name, text] = PARAMETER.exec(value) ?? [];
    if (parameter === undefined || name === undefined || text === undefined || found.has(name)) {
      throw new SignatureHeaderError();
    }
    found.set(name, text);
    at += parameter.length;
    if (at === value.length) break;
    SEPARATOR.lastIndex = at;
    const [separator] = SEPARATOR.exec(value) ?? [];
    if (separator === undefined) throw new SignatureHeaderError();
    at += separator.length;
  }
  if (found.size !== PARAMETER_NAMES.length) throw new SignatureHeaderError();
  return {
    keyId: required(found, 'keyId'),
    kid: required(found, 'kid'),
    destination: required(found, 'destination'),
    created: required(found, 'created'),
    nonce: required(found, 'nonce'),
    signature: required(found, 'signature'),
  };
}

function required(found: ReadonlyMap<string, string>, name: ParameterName): string {
  const value = found.get(name);
  if (value === undefined) throw new SignatureHeaderError();
  return value;
}

function checked<Value>(parse: () => Value): Value {
  try {
    return parse();
  } catch (cause) {
    throw new SignatureHeaderError({ cause });
  }
}
