import { expect, it } from 'vitest';
import { CONVERSATIONS_TARGET, KEY_DOCUMENT_PATH, MESSAGES_TARGET, sessionKeyTarget, userPublicKeyTarget } from './endpoints.ts';
import { parseConversationId, parseUserId } from './ids.ts';
import { parseRequestTarget } from './request-target.ts';

it('[SIG-3] every target that is built is one that is read', () => {
  const targets = [
    MESSAGES_TARGET,
    CONVERSATIONS_TARGET,
    userPublicKeyTarget(parseUserId('alice@a.test')),
    sessionKeyTarget(parseConversationId('A~b.c_d-e:a.test')),
  ];
  expect(targets).toEqual([
    '/federation/v1/messages',
    '/federation/v1/conversations',
    '/federation/v1/users/alice@a.test/public_key',
    '/federation/v1/conversations/A~b.c_d-e:a.test/session_key',
  ]);
  for (const target of targets) expect(`/${parseRequestTarget(target).segments.join('/')}`).toBe(target);
  expect(KEY_DOCUMENT_PATH).toBe('/.well-known/securechat-federation-key');
});
