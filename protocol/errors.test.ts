import { describe, expect, it, test } from 'vitest';
import { ERROR_REGISTRY, isErrorCode, isPermanentCode, problemDocument, ProtocolError } from './errors.ts';
import { parseTimestamp } from './timestamp.ts';

const CODES_BY_STATUS: Readonly<Record<number, readonly string[]>> = {
  400: ['bad_request_target', 'invalid_json', 'invalid_body'],
  401: ['signature_missing', 'signature_malformed', 'timestamp_out_of_window', 'unknown_key', 'signature_invalid', 'replay_detected'],
  403: ['domain_blocked', 'sender_domain_mismatch', 'conversation_owner_mismatch', 'not_owner_domain', 'not_a_member', 'not_accepting'],
  404: ['not_found', 'unknown_user', 'unknown_conversation', 'unknown_media'],
  405: ['method_not_allowed'],
  409: ['message_id_conflict', 'conversation_exists', 'stale_epoch'],
  410: ['user_gone'],
  413: ['body_too_large'],
  415: ['unsupported_media_type'],
  421: ['misdirected'],
  429: ['rate_limited'],
  500: ['internal_error'],
  503: ['key_unavailable', 'unavailable'],
};

const PERMANENT = [
  'invalid_json', 'invalid_body', 'sender_domain_mismatch', 'conversation_owner_mismatch', 'not_owner_domain', 'not_a_member', 'not_accepting',
  'unknown_user', 'user_gone', 'message_id_conflict', 'conversation_exists', 'stale_epoch', 'misdirected', 'unknown_media',
];

describe('[ERR-2] the registry', () => {
  it('lists exactly the codes of the text, each under its status', () => {
    const listed = Object.entries(ERROR_REGISTRY).map(([code, { status }]) => `${status} ${code}`);
    const expected = Object.entries(CODES_BY_STATUS).flatMap(([status, codes]) => codes.map((code) => `${status} ${code}`));
    expect(listed).toEqual(expected.toSorted((a, b) => listed.indexOf(a) - listed.indexOf(b)));
    expect(listed).toHaveLength(31);
  });

  test.each(Object.entries(ERROR_REGISTRY))('has whole sentences for %s', (_, { title, detail, en, fr }) => {
    expect(title).toMatch(/^[A-Z][^.]+$/);
    for (const sentence of [detail, en, fr]) expect(sentence).toMatch(/^\p{Lu}.+\.$/u);
  });

  it('tells its codes from other texts', () => {
    expect(isErrorCode('stale_epoch')).toBe(true);
    expect(isErrorCode('toString')).toBe(false);
  });
});

describe('[ERR-4] a failure', () => {
  it('is permanent for exactly the codes of the text', () => {
    const codes = Object.keys(ERROR_REGISTRY).filter((code) => isErrorCode(code) && isPermanentCode(code));
    expect(codes.toSorted()).toEqual(PERMANENT.toSorted());
  });

  it('of an unknown conversation is permanent only after 10 minutes', () => {
    expect(isPermanentCode('unknown_conversation', 599)).toBe(false);
    expect(isPermanentCode('unknown_conversation', 600)).toBe(true);
    expect(isPermanentCode('unavailable', 600)).toBe(false);
  });

  it('is for the operator exactly where it is a 401 or the domain is blocked', () => {
    const entries = Object.entries(ERROR_REGISTRY);
    const operators = entries.filter(([, entry]) => entry.class === 'operator').map(([code]) => code);
    expect(operators).toEqual(entries.filter(([code, entry]) => entry.status === 401 || code === 'domain_blocked').map(([code]) => code));
  });
});

describe('[ERR-1] a problem document', () => {
  it('has six members and nothing else where nothing else applies', () => {
    expect(problemDocument(new ProtocolError('unknown_user'), '0123456789abcdef')).toEqual({
      type: 'urn:securechat:error:unknown_user',
      title: 'Unknown user',
      status: 404,
      detail: 'There is no such user here.',
      code: 'unknown_user',
      requestId: '0123456789abcdef',
    });
  });

  it('carries the extras that apply', () => {
    const extras = { pointer: '', currentEpoch: 3, serverTime: parseTimestamp('2026-11-22T18:40:00.000Z'), retryAfterSeconds: 60 };
    expect(problemDocument(new ProtocolError('stale_epoch', extras), '0123456789abcdef')).toMatchObject(extras);
  });

  it('keeps the cause to itself', () => {
    const cause = new Error('secret path');
    const error = new ProtocolError('internal_error', { cause });
    expect(error.cause).toBe(cause);
    expect(JSON.stringify(problemDocument(error, '0123456789abcdef'))).not.toContain('secret');
  });
});
