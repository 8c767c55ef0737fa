import { expect, test } from 'vitest';
import type { WireEvent } from '../domain/wire-event.ts';
import { parseConversationId } from '../../protocol/ids.ts';
import { createBundles } from './event-bundles.ts';

const event = (name: string): WireEvent => ({ name: 'conversation:new', payload: { conversationId: parseConversationId(name) } });
const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function collect() {
  const sent: [string, number][] = [];
  const frames: (readonly WireEvent[])[] = [];
  const bundles = createBundles((rooms, events) => {
    sent.push([rooms.join('+'), events.length]);
    frames.push(events);
  });
  return { bundles, sent, frames };
}

test('what comes in one turn for the same rooms is one frame, in order', async () => {
  const { bundles, sent, frames } = collect();
  for (const name of ['1', '2', '3']) bundles.add(['alice'], event(name));
  bundles.add(['alice', 'dave'], event('4'));
  expect(sent).toEqual([]);
  await nextTurn();
  expect(sent).toEqual([['alice', 3], ['alice+dave', 1]]);
  expect(frames[0]).toEqual(['1', '2', '3'].map(event));
});

test('the next turn has a frame of its own, and many events have several', async () => {
  const { bundles, sent, frames } = collect();
  bundles.add(['alice'], event('1'));
  await nextTurn();
  for (let index = 0; index < 250; index += 1) bundles.add(['alice'], event(`${index}`));
  await nextTurn();
  expect(sent).toEqual([['alice', 1], ['alice', 100], ['alice', 100], ['alice', 50]]);
  expect(frames.slice(1).flat()).toEqual(Array.from({ length: 250 }, (_, index) => event(`${index}`)));
});
