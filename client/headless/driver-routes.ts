import * as z from 'zod';
import type { ChatClient, ConversationView, MessageView } from '../model.ts';
import type { ClientClock } from './clock.ts';
import { DriverProblemError } from './driver-problem.ts';

/** A request to the driver: parameters of the query, and the body as parsed JSON. */
export interface DriverRequest {
  readonly query: unknown;
  readonly body: unknown;
}

/** What answers a request; what it throws becomes a problem document. */
export type DriverRoute = (request: DriverRequest) => Promise<{ readonly status: number; readonly body: unknown }>;

const PAGE = 199;
/** How long a message may wait for the own server before its id is answered all the same. */
const SEND_WAIT_MS = 5_000;

const newUser = z.object({ username: z.string(), password: z.string() });
const newConversation = z.object({ as: z.string(), participants: z.array(z.string()).min(1), title: z.string().optional() });
const inConversation = z.object({ as: z.string(), conversationId: z.string() });
const ofMember = inConversation.extend({ userId: z.string() });
const readUpTo = inConversation.extend({ messageId: z.string().optional() });
const newMessage = inConversation.extend({ text: z.string() });
const asUser = z.object({ as: z.string() });
const withOther = asUser.extend({ with: z.string() });

/**
 * Creates the routes of the client driver, by `METHOD /path`; every user registered here gets a client of their own.
 * @see docs/conformance.md, the client driver
 */
export function createDriverRoutes(options: {
  readonly createClient: () => ChatClient;
  readonly clock: ClientClock;
}): ReadonlyMap<string, DriverRoute> {
  const clients = new Map<string, ChatClient>();

  function clientOf(userId: string): ChatClient {
    const client = clients.get(userId);
    if (client === undefined) throw new DriverProblemError('unknown_user');
    return client;
  }

  /** A route for a user of this process that answers nothing but that it is done. */
  const act = <Body extends { as: string }>(schema: z.ZodType<Body>, task: (client: ChatClient, body: Body) => Promise<unknown>): DriverRoute =>
    async ({ body }) => {
      const parsed = parse(schema, body, 'invalid_body');
      await task(clientOf(parsed.as), parsed);
      return { status: 200, body: {} };
    };

  return new Map<string, DriverRoute>([
    ['GET /health', async () => ({ status: 200, body: { status: 'ok' } })],
    [
      'POST /users',
      async ({ body }) => {
        const client = options.createClient();
        const { userId } = await client.account.register(parse(newUser, body, 'invalid_body'));
        clients.set(userId, client);
        return { status: 201, body: { userId } };
      },
    ],
    [
      'POST /conversations',
      async ({ body }) => {
        const { as, participants, title } = parse(newConversation, body, 'invalid_body');
        return { status: 201, body: await clientOf(as).conversations.open(participants, title) };
      },
    ],
    [
      'GET /conversations',
      async ({ query }) => {
        const { as } = parse(asUser, query, 'invalid_query');
        return { status: 200, body: (await clientOf(as).conversations.list()).map(listed) };
      },
    ],
    ['POST /conversations/accept', act(inConversation, (client, { conversationId }) => client.conversations.accept(conversationId))],
    ['POST /conversations/add', act(ofMember, ({ conversations }, body) => conversations.addParticipant(body.conversationId, body.userId))],
    ['POST /conversations/remove', act(ofMember, ({ conversations }, body) => conversations.removeParticipant(body.conversationId, body.userId))],
    ['POST /conversations/rotate', act(inConversation, ({ conversations }, body) => conversations.rotate(body.conversationId))],
    ['POST /conversations/leave', act(inConversation, ({ conversations }, body) => conversations.leave(body.conversationId))],
    [
      'POST /messages',
      async ({ body }) => {
        const { as, conversationId, text } = parse(newMessage, body, 'invalid_body');
        return { status: 201, body: { messageId: await send(clientOf(as), { conversationId, text }, options.clock) } };
      },
    ],
    [
      'GET /messages',
      async ({ query }) => {
        const { as, conversationId } = parse(inConversation, query, 'invalid_query');
        return { status: 200, body: (await listAll(clientOf(as), conversationId)).map(told) };
      },
    ],
    ['POST /messages/read', act(readUpTo, (client, body) => markRead(client, body))],
    [
      'GET /safety-number',
      async ({ query }) => {
        const { as, with: other } = parse(withOther, query, 'invalid_query');
        return { status: 200, body: { digits: await clientOf(as).contacts.safetyNumber(other) } };
      },
    ],
    ['POST /reset', act(asUser, (client) => client.account.resetIdentity())],
  ]);
}

function parse<Value>(schema: z.ZodType<Value>, value: unknown, problem: 'invalid_body' | 'invalid_query'): Value {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new DriverProblemError(problem);
  return parsed.data;
}

/** Answers when the own server has the message; while it does not answer, that the message waits. */
function send(client: ChatClient, message: { readonly conversationId: string; readonly text: string }, clock: ClientClock): Promise<string> {
  return new Promise((resolve, reject) => {
    let cancel = (): void => {};
    const sent = client.messages.send(message.conversationId, message.text, ({ messageId }) => {
      cancel = clock.schedule(() => resolve(messageId), SEND_WAIT_MS);
    });
    sent.then(({ messageId }) => resolve(messageId), reject).finally(() => cancel());
  });
}

async function listAll(client: ChatClient, conversationId: string): Promise<readonly MessageView[]> {
  const stored: MessageView[] = [];
  for (;;) {
    const { messages } = await client.messages.list(conversationId, { after: stored.at(-1)?.position ?? 0, limit: PAGE });
    const placed = messages.filter(({ position }) => position !== null);
    // What the server does not have yet stands at the end of the last page.
    if (placed.length === 0) return [...stored, ...messages];
    stored.push(...placed);
  }
}

/** Marks everything as read up to a message; without one, up to the last. */
async function markRead(client: ChatClient, { conversationId, messageId }: z.infer<typeof readUpTo>): Promise<void> {
  const stored = (await listAll(client, conversationId)).filter(({ position }) => position !== null);
  const last = messageId === undefined ? stored.at(-1) : stored.find((message) => message.messageId === messageId);
  if (last === undefined) throw new DriverProblemError('unknown_message');
  await client.conversations.markRead(conversationId, last.position ?? 0);
}

function listed({ conversationId, participants, epoch, standing, accepted }: ConversationView): object {
  const state = standing === 'member' && !accepted ? 'request' : standing;
  return { conversationId, participants: participants.map(({ userId }) => userId), epoch, state };
}

function told({ messageId, senderId, body, epoch, receipts, ...message }: MessageView): object {
  const content = body.kind === 'text' ? { text: body.text } : { text: null, reason: body.reason };
  // How far servers have a message and what its recipients did with it are two things: a state that is waited for stays.
  return { messageId, senderId, ...content, state: stateOf(message), epoch, ...(receipts.length === 0 ? {} : { receipts }) };
}

function stateOf({ localState, deliveries }: Pick<MessageView, 'localState' | 'deliveries'>): string {
  if (localState === 'sending') return 'waiting';
  if (localState === 'rejected' || deliveries.some(({ state }) => state === 'failed')) return 'failed';
  return deliveries.every(({ state }) => state === 'stored') ? 'stored' : 'stored_own';
}
