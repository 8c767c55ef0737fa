import { describe, expect, it } from 'vitest';

import { problemDocument, ProtocolError } from '../../../protocol/errors.ts';
import type { JsonValue } from '../../../protocol/json.ts';
import { readBatchAnswer } from './read-batch-answer.ts';

const ok = (id: JsonValue) => ({ id, status: 202, body: { status: 'accepted' } });
const problem = (id: string, error: ProtocolError, status?: number) => {
  const body = problemDocument(error, '0123456789abcdef');
  return { id, status: status ?? body['status'] ?? 0, body };
};

describe('readBatchAnswer', () => {
  it('[API-7] gives each item its own answer, whatever the order of the results', () => {
    const results = [problem('1', new ProtocolError('not_a_member')), ok('0'), problem('2', new ProtocolError('unavailable', { retryAfterSeconds: 90 }))];
    expect(readBatchAnswer({ results }, 3)).toEqual([
      { kind: 'success', status: 202, json: { status: 'accepted' } },
      { kind: 'refused', status: 403, code: 'not_a_member', permanent: true, retryAfterSeconds: null },
      { kind: 'refused', status: 503, code: 'unavailable', permanent: false, retryAfterSeconds: 90 },
    ]);
  });

  it('[ERR-4] reads the epoch of a peer with stale_epoch alone, and only a whole number', () => {
    const results = [problem('0', new ProtocolError('stale_epoch', { currentEpoch: 4 })), problem('1', new ProtocolError('stale_epoch')), problem('2', new ProtocolError('not_a_member', { currentEpoch: 4 })), { id: '3', status: 409, body: { code: 'stale_epoch', currentEpoch: '4' } }];
    const answers = readBatchAnswer({ results }, 4) ?? [];
    expect(answers.map((answer) => (answer.kind === 'refused' ? [answer.code, answer.currentEpoch] : null))).toEqual([
      ['stale_epoch', 4], ['stale_epoch', undefined], ['not_a_member', undefined], ['stale_epoch', undefined],
    ]);
  });

  it('[ERR-4] believes a code at its own status alone, and unknown_conversation never at once', () => {
    const results = [problem('0', new ProtocolError('not_a_member'), 404), problem('1', new ProtocolError('unknown_conversation')), { id: '2', status: 403, body: { code: 'no_such_code' } }, { id: '3', status: 500 }];
    expect(readBatchAnswer({ results }, 4)?.map((answer) => answer.kind === 'refused' && [answer.code, answer.permanent])).toEqual([
      [null, false], ['unknown_conversation', false], [null, false], [null, false],
    ]);
  });

  it.each([0, -5, 1.5, '90', null])('[ERR-4] a retryAfterSeconds of %s counts as absent', (retryAfterSeconds) => {
    const body = { ...problemDocument(new ProtocolError('unavailable'), '0123456789abcdef'), retryAfterSeconds: retryAfterSeconds === '90' ? 'soon' : retryAfterSeconds };
    expect(readBatchAnswer({ results: [{ id: '0', status: 503, body }] }, 1)).toMatchObject([{ code: 'unavailable', retryAfterSeconds: null }]);
  });

  it.each<{ what: string; json: JsonValue }>([
    { what: 'no JSON', json: null },
    { what: 'no results', json: {} },
    { what: 'a result too few', json: { results: [ok('0')] } },
    { what: 'a result too many', json: { results: [ok('0'), ok('1'), ok('2')] } },
    { what: 'one id twice', json: { results: [ok('0'), ok('0')] } },
    { what: 'a foreign id', json: { results: [ok('0'), ok('2')] } },
    { what: 'an id that is no text', json: { results: [ok('0'), ok(1)] } },
    { what: 'a result that is no object', json: { results: [ok('0'), 'fine'] } },
    { what: 'a result without a status', json: { results: [ok('0'), { id: '1', body: {} }] } },
  ])('[API-7] tells nothing of any item by an answer with $what', ({ json }) => {
    expect(readBatchAnswer(json, 2)).toBeNull();
  });
});
