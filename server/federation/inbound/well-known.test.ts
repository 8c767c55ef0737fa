import { expect, it } from 'vitest';
import { START } from '../keys/testing/fake-clock.ts';
import { documentOf, makeKeys, ownDocumentJson } from '../keys/testing/peer-documents.ts';
import { OURS } from './testing/handler-fixture.ts';
import { createWellKnownHandler } from './well-known.ts';

it('[KEY-2] the key document is answered with less than an hour to keep, by nobody in between, and reads as valid', async () => {
  const keys = await makeKeys(OURS);
  const json = ownDocumentJson(keys, START);
  const answer = createWellKnownHandler({ json: () => json })('GET');
  expect(answer).toEqual({ status: 200, headers: { 'content-type': 'application/json', 'cache-control': 'private, max-age=3540' }, body: json });
  expect(documentOf(keys, START).kind).toBe('document');
});

it('[KEY-2] HEAD is answered as GET is, for the listener to state the same length, and another method is refused with Allow', () => {
  const handle = createWellKnownHandler({ json: () => '{}' });
  expect(handle('HEAD')).toEqual(handle('GET'));
  expect(handle('POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
});
