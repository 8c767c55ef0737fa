import { expect, it } from 'vitest';
import { canonicalRequest, canonicalResponse } from './canonical-string.ts';
import { parseDomain, parseKeyId } from './ids.ts';

const fields = {
  keyId: parseDomain('a.test'),
  destination: parseDomain('b.test'),
  kid: parseKeyId('k1'),
  created: 1_795_372_800,
  nonce: 'AAECAwQFBgcICQoLDA0ODw',
  bodySha256: '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
};

it('[SIG-2] a request is signed over nine lines with nothing after the last', () => {
  expect(canonicalRequest({ ...fields, method: 'POST', target: '/federation/v1/messages' })).toBe(
    'securechat-s2s-v1\nPOST\n/federation/v1/messages\na.test\nb.test\nk1\n1795372800\nAAECAwQFBgcICQoLDA0ODw\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
  );
});

it('[SIG-8] an answer is signed over eight lines with nothing after the last', () => {
  expect(canonicalResponse({ ...fields, status: 202 })).toBe(
    'securechat-s2s-v1-response\n202\na.test\nb.test\nk1\n1795372800\nAAECAwQFBgcICQoLDA0ODw\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
  );
});
