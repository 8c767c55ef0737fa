/** What the page of the Wycheproof test runs: the wrappers of e2ee/ as the pages have them, and the judge beside them. */
export { verifyEd25519, verifyEd25519Fast, x25519SharedSecret } from '../../e2ee/strict-nacl.ts';
export { HOSTILE_MESSAGE, honestSignature, hostileSignatures } from '../../e2ee/testing/hostile-signatures.ts';
export { aesGcmOpenJudge, aesGcmSealJudge, ed25519FastJudge, ed25519Judge, hkdfJudge, x25519Judge } from '../../e2ee/testing/wycheproof.ts';
