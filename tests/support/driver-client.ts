/** A conversation as the client driver tells of it. */
interface DriverConversation {
  readonly conversationId: string;
  readonly participants: readonly string[];
  readonly epoch: number;
  readonly state: string;
}

/** A message as the client driver tells of it. */
interface DriverMessage {
  readonly messageId: string;
  readonly senderId: string;
  readonly text: string | null;
  readonly reason?: string;
  readonly state: string;
  readonly epoch: number | null;
}

/** A person of one instance, whose client runs in that instance's driver. */
export interface Person {
  readonly userId: string;
  open(...participants: readonly string[]): Promise<string>;
  add(conversationId: string, userId: string): Promise<void>;
  remove(conversationId: string, userId: string): Promise<void>;
  leave(conversationId: string): Promise<void>;
  conversation(conversationId: string): Promise<DriverConversation>;
  send(conversationId: string, text: string): Promise<string>;
  messages(conversationId: string): Promise<readonly DriverMessage[]>;
  /** The texts of a timeline in order; what cannot be read by its reason in brackets. */
  texts(conversationId: string): Promise<readonly string[]>;
}

/** Is a password of the length that accounts ask for. */
export const PASSWORD = 'correct horse battery staple';

/** Registers a person through the driver of an instance. */
export async function registerPerson(driverUrl: string, username: string): Promise<Person> {
  const { userId } = await call<{ userId: string }>(`${driverUrl}/users`, { username, password: PASSWORD });
  const post = <Answer>(path: string, body: object): Promise<Answer> => call<Answer>(`${driverUrl}${path}`, { as: userId, ...body });
  const get = <Answer>(path: string, query: Readonly<Record<string, string>> = {}): Promise<Answer> =>
    call<Answer>(`${driverUrl}${path}?${new URLSearchParams({ as: userId, ...query }).toString()}`);
  const messages = (conversationId: string): Promise<readonly DriverMessage[]> => get('/messages', { conversationId });
  return {
    userId,
    open: async (...participants) => (await post<{ conversationId: string }>('/conversations', { participants })).conversationId,
    add: (conversationId, who) => post('/conversations/add', { conversationId, userId: who }),
    remove: (conversationId, who) => post('/conversations/remove', { conversationId, userId: who }),
    leave: (conversationId) => post('/conversations/leave', { conversationId }),
    async conversation(conversationId) {
      const all = await get<readonly DriverConversation[]>('/conversations');
      const found = all.find((one) => one.conversationId === conversationId);
      if (found === undefined) throw new Error(`${userId} does not see the conversation`);
      return found;
    },
    send: async (conversationId, text) => (await post<{ messageId: string }>('/messages', { conversationId, text })).messageId,
    messages,
    texts: async (conversationId) => (await messages(conversationId)).map(({ text, reason }) => text ?? `[${reason ?? 'no reason'}]`),
  };
}

async function call<Answer>(url: string, body?: object): Promise<Answer> {
  const answer = await fetch(url, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`the driver refused ${new URL(url).pathname}: ${await answer.text()}`);
  return (await answer.json()) as Answer;
}
