import type { ConversationView, DeliveryView, MessageView, ParticipantView, SystemLineView } from '../../model.ts';

const MINUTE_MS = 60_000;

/** Makes a message of a scripted chat; what is not given is a readable, stored text by another person. */
export function scriptedMessage(part: Partial<MessageView> & Pick<MessageView, 'messageId' | 'senderId' | 'sentAt'>): MessageView {
  return {
    conversationId: 'c1:a.test',
    own: part.senderId === 'alice@a.test',
    position: null,
    epoch: 1,
    body: { kind: 'text', text: 'Hello' },
    localState: 'stored',
    deliveries: [],
    recipients: [],
    receipts: [],
    ...part,
  };
}

/** Makes the state of one hop; what is not given is a first, good delivery. */
export function scriptedDelivery(part: Partial<DeliveryView> & Pick<DeliveryView, 'domain'>): DeliveryView {
  return { state: 'stored', attempts: 1, errorCode: null, nextAttemptAt: null, ...part };
}

/** One chat of the script with its whole history. */
export interface ScriptedChat {
  readonly view: ConversationView;
  readonly messages: readonly MessageView[];
  readonly systemLines: readonly SystemLineView[];
}

type Line = readonly [senderId: string, minutesAgo: number, text: string, extra?: Partial<MessageView>];

interface ChatInput {
  readonly id: string;
  readonly people: readonly (readonly [userId: string, role: ParticipantView['role']])[];
  readonly lines: readonly Line[];
  readonly now: Date;
  readonly systemLines?: readonly Omit<SystemLineView, 'epoch'>[];
  readonly view?: Partial<ConversationView>;
}

function scriptedChat({ id, people, lines, now, systemLines = [], view = {} }: ChatInput): ScriptedChat {
  const messages = lines.map(([senderId, minutesAgo, text, extra], index) =>
    scriptedMessage({
      messageId: `${id}-${index + 1}`,
      conversationId: id,
      senderId,
      sentAt: new Date(now.getTime() - minutesAgo * MINUTE_MS),
      position: index + 1,
      body: { kind: 'text', text },
      deliveries: senderId === 'alice@a.test' ? [...new Set(people.map(([userId]) => userId.split('@')[1] ?? ''))].filter((domain) => domain !== 'a.test').map((domain) => scriptedDelivery({ domain })) : [],
      recipients: senderId === 'alice@a.test' ? people.map(([userId]) => userId).filter((userId) => userId !== senderId) : [],
      ...extra,
    }),
  );
  const last = messages.at(-1) ?? null;
  return {
    view: {
      conversationId: id,
      label: null,
      participants: people.map(([userId, role]) => ({ userId, role, self: userId === 'alice@a.test', accepted: true })),
      epoch: 1,
      standing: 'member',
      accepted: true,
      unreadCount: 0,
      lastMessage: last,
      lastActivityAt: last?.sentAt ?? now,
      ...view,
    },
    messages,
    systemLines: systemLines.map((line, index) => ({ ...line, epoch: index + 1 })),
  };
}

function longHistory(now: Date): readonly Line[] {
  return Array.from({ length: 130 }, (_, index): Line => [index % 3 === 0 ? 'alice@a.test' : 'bob@b.test', 60 * 24 * 3 + (130 - index) * 17, `Note ${index + 1} of the long ${now.getFullYear()} thread.`]);
}

/** Writes the chats of alice@a.test as screenshots and tests want them: every state of the screens occurs. */
export function scriptedChats(now: Date): readonly ScriptedChat[] {
  const alice = ['alice@a.test', 'owner'] as const;
  const day = 24 * 60;
  const unanswered: Partial<MessageView> = {
    deliveries: [scriptedDelivery({ domain: 'c.test', state: 'waiting', attempts: 4, errorCode: 'connect_failed', nextAttemptAt: new Date(now.getTime() + 3 * MINUTE_MS) })],
  };
  return [
    scriptedChat({
      id: 'c1:a.test', now, people: [alice, ['bob@b.test', 'member']], view: { unreadCount: 2 },
      systemLines: [{ kind: 'created', actorId: 'alice@a.test', subjectIds: [], at: new Date(now.getTime() - 2 * day * MINUTE_MS), afterPosition: 0 }],
      lines: [
        ['alice@a.test', day + 190, 'Hi Bob! My server found yours by itself. Can you read this?', { receipts: [{ userId: 'bob@b.test', state: 'read' }] }],
        ['bob@b.test', day + 186, 'Loud and clear 👋'],
        ['bob@b.test', day + 185, 'And b.test only ever saw ciphertext. I checked the tables.'],
        ['alice@a.test', day + 171, 'Same here. Shall we compare the safety number tonight?'],
        ['bob@b.test', day + 170, 'Yes, at eight. I call you.'],
        ['alice@a.test', 96, 'That was quick: sixty digits in under a minute.', { receipts: [{ userId: 'bob@b.test', state: 'on_device' }] }],
        ['alice@a.test', 95, 'I wrote down what we agreed on:\n\n1. Carol joins the planning group from c.test\n2. You bring the projector\n3. We meet at the station, 18:40 sharp'],
        ['bob@b.test', 84, 'Perfect.'],
        ['alice@a.test', 83, 'One more thing: the train leaves from platform 3, not 5. I will be there ten minutes early.', { deliveries: [scriptedDelivery({ domain: 'b.test' })] }],
        ['bob@b.test', 12, 'Platform 3, noted.'],
        ['bob@b.test', 11, 'Do you want me to pick something up on the way? The bakery by the bridge is open until seven, and they have the rye bread that you like.'],
      ],
    }),
    scriptedChat({
      id: 'c2:a.test', now, people: [alice, ['bob@b.test', 'admin'], ['carol.weiss@c.test', 'member'], ['dave@a.test', 'member']], view: { label: 'Planning the trip', epoch: 3 },
      systemLines: [
        { kind: 'created', actorId: 'alice@a.test', subjectIds: [], at: new Date(now.getTime() - 300 * MINUTE_MS), afterPosition: 0 },
        { kind: 'added', actorId: 'alice@a.test', subjectIds: ['dave@a.test'], at: new Date(now.getTime() - 200 * MINUTE_MS), afterPosition: 2 },
        { kind: 'removed', actorId: 'bob@b.test', subjectIds: ['erin@c.test'], at: new Date(now.getTime() - 150 * MINUTE_MS), afterPosition: 4 },
        { kind: 'refused_change', actorId: 'mallory@d.test', subjectIds: [], at: new Date(now.getTime() - 100 * MINUTE_MS), afterPosition: 5 },
      ],
      lines: [
        ['alice@a.test', 290, 'Welcome, everybody. Three servers, one plan.'],
        ['carol.weiss@c.test', 280, 'Glad to be here!'],
        ['dave@a.test', 190, 'Thanks for adding me. What did I miss?'],
        ['bob@b.test', 188, 'Nothing you could read 🙂'],
        ['carol.weiss@c.test', 120, 'I can book the rooms if nobody objects.'],
        ['carol.weiss@c.test', 119, '', { body: { kind: 'unreadable', reason: 'no_key_yet' } }],
        ['bob@b.test', 60, 'No objection.'],
        ['alice@a.test', 30, 'Please do.', { deliveries: [scriptedDelivery({ domain: 'b.test' }), ...(unanswered.deliveries ?? [])] }],
        ['alice@a.test', 8, 'And thank you!', { deliveries: [scriptedDelivery({ domain: 'b.test' }), scriptedDelivery({ domain: 'c.test', state: 'waiting', attempts: 0 })] }],
      ],
    }),
    scriptedChat({
      id: 'c3:a.test', now, people: [alice, ['erin@c.test', 'member']],
      lines: [
        ['alice@a.test', 400, 'Did my last message reach you?', { deliveries: [scriptedDelivery({ domain: 'c.test', state: 'failed', attempts: 41, errorCode: 'expired' })] }],
        ['alice@a.test', 20, 'Trying once more.', unanswered],
      ],
    }),
    scriptedChat({ id: 'c4:a.test', now, people: [alice, ['dave@a.test', 'member']], lines: longHistory(now) }),
    scriptedChat({
      id: 'c5:b.test', now, people: [['frank@b.test', 'owner'], ['alice@a.test', 'member']], view: { accepted: false, unreadCount: 1 },
      lines: [['frank@b.test', 45, 'Hello Alice, Bob gave me your address. May I ask you something about the hiking maps?']],
    }),
    scriptedChat({
      id: 'c6:b.test', now, people: [['bob@b.test', 'owner'], ['alice@a.test', 'member'], ['grace@b.test', 'member']], view: { standing: 'removed', label: 'Old book club' },
      lines: [['grace@b.test', 9 * day, 'See you next month.']],
    }),
    scriptedChat({
      id: 'c7:d.test', now, people: [['heidi@d.test', 'owner'], ['alice@a.test', 'member']], view: { standing: 'unverified' },
      systemLines: [{ kind: 'unverified', actorId: 'heidi@d.test', subjectIds: [], at: new Date(now.getTime() - 12 * day * MINUTE_MS), afterPosition: 0 }],
      lines: [['heidi@d.test', 12 * day, 'This server is still on the core profile.']],
    }),
  ];
}
