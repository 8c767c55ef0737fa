import { expect, it } from 'vitest';
import {
  BATCH_TARGET, CONVERSATIONS_TARGET, EVENTS_TARGET, HELLO_TARGET, KEY_DOCUMENT_PATH, maxBodyBytesAt, mediaTarget, MESSAGES_TARGET, sessionKeyTarget,
  userPublicKeyTarget,
} from './endpoints.ts';
import { parseConversationId, parseUserId } from './ids.ts';
import { parseRequestTarget } from './request-target.ts';

it('[SIG-3] every target that is built is one that is read', () => {
  const targets = [
    MESSAGES_TARGET,
    CONVERSATIONS_TARGET,
    userPublicKeyTarget(parseUserId('alice@a.test')),
    sessionKeyTarget(parseConversationId('A~b.c_d-e:a.test')),
    BATCH_TARGET,
    EVENTS_TARGET,
    HELLO_TARGET,
    mediaTarget('AAECAwQFBgcICQoLDA0O_-'),
  ];
  expect(targets).toEqual([
    '/federation/v1/messages',
    '/federation/v1/conversations',
    '/federation/v1/users/alice@a.test/public_key',
    '/federation/v1/conversations/A~b.c_d-e:a.test/session_key',
    '/federation/v1/batch',
    '/federation/v1/events',
    '/federation/v1/hello',
    '/federation/v1/media/AAECAwQFBgcICQoLDA0O_-',
  ]);
  for (const target of targets) expect(`/${parseRequestTarget(target).segments.join('/')}`).toBe(target);
  expect(KEY_DOCUMENT_PATH).toBe('/.well-known/securechat-federation-key');
});

it('[SIG-11] a body has at most 262 144 bytes, 1 048 576 for the batch alone, by the target as it was sent', () => {
  expect(maxBodyBytesAt(BATCH_TARGET)).toBe(1_048_576);
  for (const target of [MESSAGES_TARGET, EVENTS_TARGET, `${BATCH_TARGET}/`, `${BATCH_TARGET}?`, '/federation/v1/Batch', '//federation/v1/batch', '/batch']) {
    expect(maxBodyBytesAt(target)).toBe(262_144);
  }
});
