import { expect, it } from 'vitest';
import { parseConversationId, parseDomain, parseMessageId } from '../../protocol/ids.ts';
import type { WireDelivery } from '../../server/realtime/events.ts';
import { createDeliveryNews } from './delivery-news.ts';

const queued: WireDelivery = {
  conversationId: parseConversationId('x:a.test'),
  messageId: parseMessageId('01a204b4-83aa-7ecb-9d49-311b9c55e5c5'),
  domain: parseDomain('b.test'),
  state: 'queued',
  attempts: 0,
  errorCode: null,
  nextAttemptAt: null,
};
const delivered: WireDelivery = { ...queued, state: 'delivered' };
const failed: WireDelivery = { ...queued, state: 'failed', errorCode: 'unknown_user' };

it('[DEL-6] the answer to a send does not undo a delivery that the socket told of first', () => {
  const news = createDeliveryNews();
  expect(news.newest(queued)).toBe(queued);
  news.note(delivered);
  expect(news.newest(queued)).toBe(delivered);
});

it('[DEL-6] a failure told by the socket stands until a retry is told, or the socket is gone', () => {
  const news = createDeliveryNews();
  news.note(failed);
  expect(news.newest(queued)).toBe(failed);
  news.note(queued);
  expect(news.newest(queued)).toBe(queued);
  news.note(failed);
  news.goOffline();
  expect(news.newest(queued)).toBe(queued);
});

it('[DEL-6] a reported delivery is final, and so is a told one, also without a socket', () => {
  const news = createDeliveryNews();
  news.note(failed);
  expect(news.newest(delivered)).toBe(delivered);
  news.note(delivered);
  news.goOffline();
  expect(news.newest(queued)).toBe(delivered);
});
