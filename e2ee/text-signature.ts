import { decodeBase64, encodeBase64 } from '../protocol/base64.ts';
import { signEd25519, verifyEd25519, verifyEd25519Fast } from './strict-nacl.ts';

/** A claim that the holder of `signingKey` signed `message`; key and signature are b64 texts as the wire has them. */
interface SignatureClaim {
  readonly signingKey: string;
  readonly message: Uint8Array;
  readonly signature: string;
}

/** Verifies a claim strictly; text that is not canonical base64 is false, never an error. @see docs/protocol.md [SIG-7] */
export function verifySignature(claim: SignatureClaim): boolean {
  return verifyEd25519(decodeOrEmpty(claim.signingKey), claim.message, decodeOrEmpty(claim.signature));
}

/** Verifies like {@link verifySignature}, through WebCrypto where the runtime has Ed25519. @see docs/protocol.md [SIG-7] */
export function verifySignatureFast(claim: SignatureClaim): Promise<boolean> {
  return verifyEd25519Fast(decodeOrEmpty(claim.signingKey), claim.message, decodeOrEmpty(claim.signature));
}

/** Signs with an Ed25519 secret key of 64 bytes and gives the b64 text of the signature. */
export function signToText(signingSecretKey: Uint8Array, message: Uint8Array): string {
  return encodeBase64(signEd25519(signingSecretKey, message));
}

function decodeOrEmpty(text: string): Uint8Array {
  try {
    return decodeBase64(text);
  } catch {
    // No bytes are no key and no signature: the verifier says false.
    return new Uint8Array();
  }
}
