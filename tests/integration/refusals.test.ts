import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabaseReader } from '../support/database-reader.ts';
import type { DatabaseReader } from '../support/database-reader.ts';
import { registerPerson } from '../support/driver-client.ts';
import type { Person } from '../support/driver-client.ts';
import { messageBody } from '../support/foreign-bodies.ts';
import { startForeignServer } from '../support/foreign-server.ts';
import type { ForeignServer } from '../support/foreign-server.ts';
import { describeInboundFull } from '../support/inbound-full-suite.ts';
import { describeInbound, foundConversation, signRequest } from '../support/inbound-suite.ts';
import type { InboundMount } from '../support/inbound-suite.ts';
import { exchange } from '../support/raw-exchange.ts';
import type { RawAnswer } from '../support/raw-exchange.ts';
import { PLAYGROUND_TIMEOUT_MS, startTestPlayground } from '../support/test-playground.ts';
import type { TestPlayground } from '../support/test-playground.ts';

const BOB = 'bob@d.test';

let foreign: ForeignServer;
let ground: TestPlayground;
let database: DatabaseReader;
let alice: Person;
let mount: InboundMount & { readonly conversationId: string; readonly publicKeyBase64: string };
let founded: RawAnswer;

beforeAll(async () => {
  foreign = await startForeignServer('d.test');
  ground = await startTestPlayground({ domains: ['a.test'], peers: [foreign] });
  foreign.useCertificate(await ground.authority.issue('d.test'));
  const { s2s, databaseUrl, driverUrl } = await ground.instance('a.test');
  const place = { ...s2s, tls: { servername: 'a.test', ca: ground.authority.certificatePem } };
  database = await openDatabaseReader(databaseUrl);
  alice = await registerPerson(driverUrl, 'alice');
  const bare: InboundMount = { send: (request) => exchange(place, request), database, foreign };
  const found = await foundConversation(bare);
  founded = found.founded;
  const keyDocument = await exchange(place, { method: 'GET', target: '/.well-known/securechat-federation-key' });
  const { publicKey }: { publicKey: string } = JSON.parse(keyDocument.body);
  mount = { ...bare, conversationId: found.conversationId, publicKeyBase64: publicKey };
}, PLAYGROUND_TIMEOUT_MS);

afterAll(async () => {
  await database?.end();
  await ground?.stop();
  await foreign?.stop();
});

describe('what is accepted reaches the local member', () => {
  test('[API-3] a signed founding request is accepted, stored, and listed', async () => {
    const { conversationId } = mount;
    expect(founded).toMatchObject({ status: 201, body: JSON.stringify({ status: 'created', conversationId }) });
    expect(await alice.conversation(conversationId)).toMatchObject({ participants: [alice.userId, BOB], epoch: 1, state: 'unverified' });
  });

  test('[API-2] a signed message of a member is accepted, stored, and listed', async () => {
    const { conversationId, send } = mount;
    const body = messageBody({ conversationId, senderId: BOB, recipientServerDomain: 'a.test' });
    expect(await send(signRequest(foreign, { body }))).toMatchObject({ status: 202 });
    const listed = await alice.messages(conversationId);
    expect(listed.at(-1)).toMatchObject({ messageId: body['messageId'], senderId: BOB });
  });
});

describeInbound(() => mount);
describeInboundFull(() => mount);
