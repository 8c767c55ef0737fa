import { ClientError } from '../../client-error.ts';
import type { ChatClient, ClientEvent, ConnectionState, ConversationView, LookupOutcome, MessageView, PrivacyView, SignedIn } from '../../model.ts';
import { scriptedChats, scriptedDelivery, scriptedMessage, type ScriptedChat } from './scripted-data.ts';

/** What the script starts from. */
interface Script {
  readonly now: Date;
  readonly signedIn: boolean;
  readonly empty?: boolean;
  /** How long an answer takes, in milliseconds. */
  readonly delayMs?: number;
}

/** A client without a server, with two strings to pull. */
interface ScriptedChatClient extends ChatClient {
  /** Tells every listener of an event, after taking a connection state over. */
  emit(event: ClientEvent): void;
}

const ME: SignedIn = { userId: 'alice@a.test', domain: 'a.test' };
const DIGITS = '048213950761722305418869017455236108994471203365';

const OUTCOMES: Readonly<Record<string, LookupOutcome>> = {
  'nowhere.test': { kind: 'no_such_server', domain: 'nowhere.test' },
  'silent.test': { kind: 'server_silent', domain: 'silent.test' },
  'blocked.test': { kind: 'blocked', domain: 'blocked.test' },
  'refused.test': { kind: 'refused', domain: 'refused.test' },
  'bad.test': { kind: 'bad_identity', domain: 'bad.test' },
};

function lookup(userId: string): LookupOutcome {
  const [username = '', domain = ''] = userId.split('@');
  if (userId === ME.userId) return { kind: 'self' };
  if (username === 'nobody') return { kind: 'no_such_user', domain };
  if (username === 'gone') return { kind: 'user_gone', domain };
  return OUTCOMES[domain] ?? { kind: 'found', userId, safetyNumber: null };
}

function summary(chat: ScriptedChat): ConversationView {
  const lastMessage = chat.messages.at(-1) ?? null;
  return { ...chat.view, lastMessage, lastActivityAt: lastMessage?.sentAt ?? chat.view.lastActivityAt };
}

/** Creates an in-memory client that plays alice@a.test; for tests and for looking at screens, never for people. */
export function createScriptedChatClient(script: Script): ScriptedChatClient {
  const listeners = new Set<(event: ClientEvent) => void>();
  const drafts = new Map<string, string>();
  let chats: readonly ScriptedChat[] = script.empty === true ? [] : scriptedChats(script.now);
  let me: SignedIn | null = script.signedIn ? ME : null;
  let connection: ConnectionState = 'online';
  let sent = 0;
  let privacy: PrivacyView = { receipts: true, typing: true };

  const answer = async <T>(value: () => T): Promise<T> => {
    await new Promise((resolve) => setTimeout(resolve, script.delayMs ?? 0));
    return value();
  };
  const emit = (event: ClientEvent) => {
    if (event.kind === 'connection') connection = event.state;
    for (const listener of listeners) listener(event);
  };
  const find = (conversationId: string): ScriptedChat => {
    const chat = chats.find((each) => each.view.conversationId === conversationId);
    if (chat === undefined) throw new ClientError('unknown_conversation');
    return chat;
  };
  const change = (conversationId: string, part: Partial<ConversationView>) => {
    const chat = find(conversationId);
    chats = chats.map((each) => (each === chat ? { ...chat, view: { ...chat.view, ...part } } : each));
    emit({ kind: 'conversations', conversationId });
  };
  const store = (conversationId: string, message: MessageView) => {
    const chat = find(conversationId);
    chats = chats.map((each) => (each === chat ? { ...chat, messages: [...chat.messages, message] } : each));
  };

  return {
    emit,
    account: {
      instance: () => answer(() => ({ domain: 'a.test', signup: 'open' as const })),
      register: ({ username }) =>
        answer(() => {
          if (username === 'taken') throw new ClientError('username_taken');
          me = { userId: `${username}@a.test`, domain: 'a.test' };
          return { userId: me.userId, recoveryKey: 'K7QF-2M9X-TR4D-W8HN-6ZBE-3PVC-Y5JA-1SGU' };
        }),
      signIn: ({ password }) =>
        answer(() => {
          if (password === 'wrong') throw new ClientError('wrong_credentials');
          me = ME;
          return ME;
        }),
      restore: () => answer(() => me),
      current: () => me,
      signOut: () => answer(() => void (me = null)),
      resetIdentity: () => answer(() => undefined),
      privacy: () => answer(() => privacy),
      setPrivacy: (chosen) =>
        answer(() => {
          privacy = chosen;
          emit({ kind: 'privacy', privacy });
        }),
    },
    contacts: {
      lookup: (userId) => answer(() => lookup(userId)),
      safetyNumber: () => answer(() => `${DIGITS}${DIGITS.slice(0, 12)}`),
    },
    conversations: {
      list: () => answer(() => chats.map(summary)),
      get: (conversationId) => answer(() => summary(find(conversationId))),
      open: (participants, label) =>
        answer(() => {
          const known = chats.find((each) => participants.length === 1 && each.view.participants.length === 2 && each.view.participants.some((person) => person.userId === participants[0]));
          if (known !== undefined) return { conversationId: known.view.conversationId };
          const conversationId = `new${chats.length}:a.test`;
          const people = [ME.userId, ...participants].map((userId, index) => ({ userId, role: index === 0 ? ('owner' as const) : ('member' as const), self: index === 0, accepted: index === 0 }));
          const view: ConversationView = { conversationId, label: label ?? null, participants: people, epoch: 1, standing: 'member', accepted: true, unreadCount: 0, lastMessage: null, lastActivityAt: script.now };
          chats = [...chats, { view, messages: [], systemLines: [{ kind: 'created', epoch: 1, actorId: ME.userId, subjectIds: [], at: script.now, afterPosition: 0 }] }];
          emit({ kind: 'conversations', conversationId });
          return { conversationId };
        }),
      addParticipant: (conversationId, userId) =>
        answer(() => change(conversationId, { participants: [...find(conversationId).view.participants, { userId, role: 'member', self: false, accepted: false }] })),
      removeParticipant: (conversationId, userId) =>
        answer(() => change(conversationId, { participants: find(conversationId).view.participants.filter((each) => each.userId !== userId) })),
      rotate: () => answer(() => undefined),
      leave: (conversationId) => answer(() => change(conversationId, { standing: 'removed' })),
      accept: (conversationId) => answer(() => change(conversationId, { accepted: true })),
      setLabel: (conversationId, label) => answer(() => change(conversationId, { label })),
      markRead: (conversationId) => answer(() => change(conversationId, { unreadCount: 0 })),
      typing: () => undefined,
    },
    messages: {
      list: (conversationId, { before = Number.MAX_SAFE_INTEGER, limit = 50 } = {}) =>
        answer(() => {
          const chat = find(conversationId);
          const earlier = chat.messages.filter((each) => (each.position ?? 0) < before);
          return { messages: earlier.slice(-limit), systemLines: chat.systemLines, hasOlder: earlier.length > limit };
        }),
      send: async (conversationId, text, onQueued) => {
        if (connection === 'offline') throw new ClientError('offline');
        sent += 1;
        const chat = find(conversationId);
        const domains = [...new Set(chat.view.participants.map((each) => each.userId.split('@')[1] ?? ''))].filter((domain) => domain !== ME.domain);
        const queued = scriptedMessage({ messageId: `sent-${sent}`, conversationId, senderId: ME.userId, sentAt: new Date(script.now.getTime() + sent * 1000), body: { kind: 'text', text }, localState: 'sending', recipients: chat.view.participants.filter((each) => !each.self).map((each) => each.userId) });
        onQueued?.(queued);
        return answer(() => {
          const message: MessageView = { ...queued, localState: 'stored', position: chat.messages.length + 1, deliveries: domains.map((domain) => scriptedDelivery({ domain, state: 'waiting', attempts: 0 })) };
          store(conversationId, message);
          return message;
        });
      },
      retry: () => answer(() => undefined),
      receipts: (messageId) =>
        answer(() => {
          const receipts = chats.flatMap(({ messages }) => messages).find((message) => message.messageId === messageId)?.receipts ?? [];
          return receipts.map(({ userId, state }) => ({ userId, deliveredAt: script.now, readAt: state === 'read' ? script.now : null }));
        }),
    },
    drafts: {
      get: (conversationId) => answer(() => drafts.get(conversationId) ?? ''),
      set: (conversationId, text) => answer(() => void drafts.set(conversationId, text)),
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    connection: () => connection,
    close: () => listeners.clear(),
  };
}
