import { createTranslator } from 'use-intl/core';
import { describe, expect, it } from 'vitest';
import type { MessageView } from '../../model.ts';
import en from '../../ui/messages/en.json';
import fr from '../../ui/messages/fr.json';
import { scriptedDelivery, scriptedMessage } from '../testing/scripted-data.ts';
import { DELIVERY_ICONS } from './delivery-mark.tsx';
import { recipientStates, silentDomains, silentPeers, summarizeDelivery } from './delivery-state.ts';
import { deliveryWords } from './delivery-words.ts';

const SENT = new Date('2026-11-22T10:00:00.000Z');
const NEXT = new Date('2026-11-22T10:05:00.000Z');
const message = (part: Partial<MessageView>) => scriptedMessage({ messageId: 'm1', senderId: 'alice@a.test', sentAt: SENT, ...part });
const waiting = scriptedDelivery({ domain: 'b.test', state: 'waiting', attempts: 0 });
const stalled = scriptedDelivery({ domain: 'b.test', state: 'waiting', attempts: 3, errorCode: 'connect_failed', nextAttemptAt: NEXT });
const stored = scriptedDelivery({ domain: 'b.test' });
const failed = scriptedDelivery({ domain: 'c.test', state: 'failed', errorCode: 'expired' });

const list = (locale: string) => (domains: readonly string[]) => new Intl.ListFormat(locale).format(domains);
const english = createTranslator({ locale: 'en', messages: en, namespace: 'delivery' });
const french = createTranslator({ locale: 'fr', messages: fr, namespace: 'delivery' });

function told(view: MessageView, silent: ReadonlySet<string> = new Set()) {
  const summary = summarizeDelivery(view, 'a.test', silent);
  const rejected = view.localState === 'rejected';
  return [summary.state, deliveryWords({ t: english, list: list('en') }, summary, rejected), deliveryWords({ t: french, list: list('fr') }, summary, rejected)];
}

describe('[DEL-6] the author sees, in words that name the domain', () => {
  it('what the own server does not have yet', () => {
    expect(told(message({ localState: 'sending' }))).toEqual(['sending', 'waiting to send', 'en attente d’envoi']);
  });
  it('what the own server has', () => {
    expect(told(message({ deliveries: [waiting] }))).toEqual(['stored_here', 'a.test has it', 'a.test l’a reçu']);
  });
  it('what the own server has and nobody else needs', () => {
    expect(told(message({}))).toEqual(['stored_here', 'a.test has it', 'a.test l’a reçu']);
  });
  it('what the other server has', () => {
    expect(told(message({ deliveries: [stored] }))).toEqual(['stored_there', 'b.test has it', 'b.test l’a reçu']);
  });
  it('what several servers have', () => {
    const both = [stored, scriptedDelivery({ domain: 'c.test' })];
    expect(told(message({ deliveries: both }))).toEqual(['stored_there', 'b.test and c.test have it', 'b.test et c.test l’ont reçu']);
  });
  it('which server is waited for after a failed attempt', () => {
    expect(told(message({ deliveries: [stalled] }))).toEqual(['waiting_peer', 'Waiting for b.test', 'En attente de b.test']);
  });
  it('that a later message waits behind the one a silent server holds up', () => {
    const silent = silentDomains([message({ deliveries: [stalled] })]);
    expect(told(message({ deliveries: [waiting] }), silent)[0]).toBe('waiting_peer');
    expect(told(message({ deliveries: [waiting] }))[0]).toBe('stored_here');
  });
  it('that a failure needs the person, before anything else', () => {
    expect(told(message({ deliveries: [stalled, failed] }))).toEqual(['needs_you', 'Needs you: c.test did not take it', 'À vous : c.test ne l’a pas pris']);
  });
  it('that the own server refused', () => {
    expect(told(message({ localState: 'rejected' }))).toEqual(['needs_you', 'Needs you: a.test did not take it', 'À vous : a.test ne l’a pas pris']);
  });
});

describe('[DEL-6] what recipients did with a message', () => {
  const toBob = { recipients: ['bob@b.test'], deliveries: [stored] };
  const toBoth = { recipients: ['bob@b.test', 'dave@a.test'], deliveries: [stored] };
  const bobHas = { userId: 'bob@b.test', state: 'on_device' } as const;
  const daveRead = { userId: 'dave@a.test', state: 'read' } as const;

  it('says on whose device it is, and that it is read', () => {
    expect(told(message({ ...toBob, receipts: [bobHas] }))).toEqual(['on_device', 'on bob’s device', 'sur l’appareil de bob']);
    expect(told(message({ ...toBob, receipts: [{ ...bobHas, state: 'read' }] }))).toEqual(['read', 'read', 'lu']);
  });
  it('counts for a group once everybody is as far', () => {
    expect(told(message({ ...toBoth, receipts: [daveRead] }))[0]).toBe('stored_there');
    expect(told(message({ ...toBoth, receipts: [bobHas, daveRead] }))).toEqual(['on_device', 'on everyone’s device', 'sur l’appareil de chacun']);
    expect(told(message({ ...toBoth, receipts: [{ ...bobHas, state: 'read' }, daveRead] }))).toEqual(['read', 'read by everyone', 'lu par tout le monde']);
  });
  it('counts among people of one server as well', () => {
    expect(told(message({ recipients: ['dave@a.test'], receipts: [{ ...daveRead, state: 'on_device' }] }))[0]).toBe('on_device');
  });
  it('proves that it came, whatever is known of the way', () => {
    expect(told(message({ ...toBob, deliveries: [stalled], receipts: [bobHas] }))[0]).toBe('on_device');
  });
  it('stands beside those that it has not come to', () => {
    const view = message({ recipients: ['bob@b.test', 'carol@c.test', 'dave@a.test', 'erin@d.test'], deliveries: [stored, failed], receipts: [bobHas] });
    expect(recipientStates(view, 'a.test').map(({ userId, state }) => [userId, state])).toEqual([
      ['bob@b.test', 'on_device'],
      ['carol@c.test', 'needs_you'],
      ['dave@a.test', 'stored_here'],
    ]);
    expect(recipientStates(message({ recipients: ['bob@b.test'], localState: 'sending' }), 'a.test')).toMatchObject([{ state: 'sending' }]);
  });
});

describe('signs', () => {
  it('no two states share a sign', () => {
    expect(new Set(Object.values(DELIVERY_ICONS)).size).toBe(7);
  });
});

describe('silent servers', () => {
  it('are counted with all that waits for them and the earliest next try', () => {
    expect(silentPeers([message({ deliveries: [stalled] }), message({ messageId: 'm2', deliveries: [waiting] })])).toEqual([{ domain: 'b.test', count: 2, blockedHere: false, nextAttemptAt: NEXT }]);
  });
  it('are none while nothing has failed', () => {
    expect(silentPeers([message({ deliveries: [{ ...stalled, errorCode: 'blocked_here' }] })])).toMatchObject([{ domain: 'b.test', blockedHere: true }]);
    expect(silentPeers([message({ deliveries: [waiting, failed] })])).toEqual([]);
  });
});
