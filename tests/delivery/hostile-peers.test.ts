import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createIdentity, publicIdentityOf } from '../../e2ee/identity.ts';
import { webRandomBytes } from '../../e2ee/random.ts';
import { parseUserId } from '../../protocol/ids.ts';
import { formatTimestamp } from '../../protocol/timestamp.ts';
import { registerPerson } from '../support/driver-client.ts';
import type { Person } from '../support/driver-client.ts';
import { eventually } from '../support/eventually.ts';
import { CONVERSATIONS, MESSAGES } from '../support/foreign-bodies.ts';
import { json, problem, startForeignServer } from '../support/foreign-server.ts';
import type { ForeignServer, ReceivedRequest, ScriptedAnswer } from '../support/foreign-server.ts';
import { PLAYGROUND_TIMEOUT_MS, startTestPlayground } from '../support/test-playground.ts';
import type { TestPlayground } from '../support/test-playground.ts';

/** What each server does with messages, once there is a conversation with somebody on it. */
const MANNERS: Readonly<Record<string, (messageId: string) => ScriptedAnswer>> = {
  'good.test': accepted,
  'fine.test': accepted,
  'silent.test': () => ({ status: 202, body: '', pace: 'never' }),
  'broken.test': () => problem(500, 'internal_error'),
  'drip.test': (messageId) => ({ ...accepted(messageId), pace: 'drip' }),
  'picky.test': (messageId) => (messageId === poison ? problem(500, 'internal_error') : accepted(messageId)),
};
const GOOD = ['good.test', 'fine.test'];
/** Longer than any single request may take, so that every peer shows all it has. */
const LASTS_MS = 35_000;
const P95_MS = 2_000;
const POISON_PATIENCE_MS = 10_000;
const GROWTH_BYTES = 64 * 1024 * 1024;
const TEST_TIMEOUT_MS = 120_000;

let servers: readonly ForeignServer[];
let ground: TestPlayground;
let alice: Person;
let isHostile = false;
/** The first message that comes to the picky server. */
let poison: string | null = null;
const conversations = new Map<string, string>();
/** When each message reached its server, by id. */
const arrivedAtMs = new Map<string, number>();

beforeAll(async () => {
  servers = await Promise.all(Object.keys(MANNERS).map((domain) => startForeignServer(domain)));
  ground = await startTestPlayground({ domains: ['a.test'], peers: servers });
  for (const server of servers) {
    server.useCertificate(await ground.authority.issue(server.domain));
    server.answer(mannersOf(server.domain));
  }
  alice = await registerPerson((await ground.instance('a.test')).driverUrl, 'alice');
  for (const { domain } of servers) conversations.set(domain, await alice.open(`bob@${domain}`));
  conversations.set('carol', await alice.open('carol@picky.test'));
  await eventually(() => {
    const untold = servers.filter(({ received }) => !received.some(({ target }) => target === CONVERSATIONS));
    if (untold.length > 0) throw new Error(`${untold[0]?.domain} was not told of its conversation`);
  });
  isHostile = true;
}, PLAYGROUND_TIMEOUT_MS);

afterAll(async () => {
  await ground?.stop();
  await Promise.all(servers.map((server) => server.stop()));
});

function accepted(messageId: string): ScriptedAnswer {
  return json(202, { status: 'accepted', messageId });
}

function mannersOf(domain: string): (request: ReceivedRequest) => ScriptedAnswer | null {
  const people = ['bob', 'carol'].map((name) =>
    createIdentity({ userId: parseUserId(`${name}@${domain}`), keyVersion: 1, createdAt: formatTimestamp(new Date()), random: webRandomBytes }),
  );
  return ({ method, target, body }) => {
    const person = people.find(({ userId }) => target === `/federation/v1/users/${userId}/public_key`);
    if (person !== undefined) return json(200, publicIdentityOf(person));
    if (method === 'GET') return problem(404, 'unknown_user');
    const sent: Readonly<Record<string, string>> = JSON.parse(body);
    if (target === CONVERSATIONS) return json(201, { status: 'created', conversationId: sent['conversationId'] });
    if (target !== MESSAGES) return null;
    const messageId = sent['messageId'] ?? '';
    arrivedAtMs.set(messageId, Date.now());
    if (isHostile && domain === 'picky.test') poison ??= messageId;
    return isHostile ? (MANNERS[domain] ?? accepted)(messageId) : accepted(messageId);
  };
}

async function sendTo(conversation: string, text: string): Promise<string> {
  return alice.send(conversations.get(conversation) ?? '', text);
}

async function residentBytes(): Promise<number> {
  const { pid } = await ground.instance('a.test');
  return 1_024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

test('[DEL-1] a message that its server always rejects holds back its own conversation alone, and is seen to wait', async () => {
  const rejected = await sendTo('picky.test', 'what this server always rejects');
  await eventually(() => expect(poison).toBe(rejected));
  const behind = await sendTo('picky.test', 'behind it');
  const beside = await sendTo('carol', 'beside it');
  await eventually(() => expect(arrivedAtMs.has(beside)).toBe(true), POISON_PATIENCE_MS);
  expect(arrivedAtMs.has(behind)).toBe(false);
  const states = (await alice.messages(conversations.get('picky.test') ?? '')).map(({ messageId, state }) => [messageId, state]);
  expect(states).toEqual([[rejected, 'stored_own'], [behind, 'stored_own']]);
}, TEST_TIMEOUT_MS);

test('[DEL-4] a silent, a broken, a dripping and a picky server slow nobody down, and memory stays flat', async () => {
  const sentAtMs = new Map<string, number>();
  const endsAtMs = Date.now() + LASTS_MS;
  let before: number | null = null;
  for (let round = 1; Date.now() < endsAtMs; round += 1) {
    for (const domain of Object.keys(MANNERS)) {
      const messageId = await sendTo(domain, `round ${round}`);
      if (GOOD.includes(domain)) sentAtMs.set(messageId, Date.now());
    }
    // By then the heap has its size, and what the peers hold open is all there is.
    if (before === null && Date.now() > endsAtMs - LASTS_MS / 2) before = await residentBytes();
  }
  await eventually(() => expect([...sentAtMs.keys()].filter((messageId) => !arrivedAtMs.has(messageId))).toEqual([]));
  const delaysMs = [...sentAtMs].map(([messageId, sent]) => (arrivedAtMs.get(messageId) ?? Number.POSITIVE_INFINITY) - sent).toSorted((a, b) => a - b);
  expect(delaysMs.length).toBeGreaterThan(100);
  expect(delaysMs[Math.floor(delaysMs.length * 0.95)]).toBeLessThan(P95_MS);
  expect(before).not.toBeNull();
  expect((await residentBytes()) - (before ?? 0)).toBeLessThan(GROWTH_BYTES);
}, TEST_TIMEOUT_MS);
