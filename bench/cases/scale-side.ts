import type { BenchGround } from '../ground/bench-ground.ts';
import type { Conversation } from '../ground/conversation.ts';
import { openPairs } from '../ground/open-pairs.ts';
import { openArrivals } from '../load/arrivals.ts';
import { createMessageMaker } from '../load/message-maker.ts';
import type { AimedPeer, SyntheticPeer } from '../peer/synthetic-peer.ts';
import { settleDatabase } from '../store/clone-rows.ts';
import { compare } from '../store/exactly-once.ts';
import { growConversations, growHistory, growMembers } from '../store/grow-store.ts';
import { openBenchDatabase } from '../store/stored-messages.ts';
import type { BenchDatabase } from '../store/stored-messages.ts';
import { openProber } from './probe.ts';

/** What is measured of one message each: its sending, its arrival, and the acceptance of one from a peer, in milliseconds. */
export type Sample = Readonly<Record<'sendMs' | 'arrivalMs' | 'inboundMs', number>>;

/** A way for messages: a conversation of two people on two servers, and one of somebody elsewhere with the receiver. */
export interface Way extends Disposable {
  /** Sends a message in each. */
  once(): Promise<Sample>;
}

/** Two servers, their databases, and ways for messages between them. */
export interface ScaleSide extends AsyncDisposable {
  /** Of two people at first. */
  readonly plain: Way;
  /** The one whose members grow. */
  readonly group: Way;
  /** Bring both databases to a size; what is larger already stays so. */
  readonly grow: Readonly<Record<'storedMessages' | 'conversations' | 'participants', (size: number) => Promise<void>>>;
  /** Lets both databases settle; every statement is planned anew. */
  settle(): Promise<void>;
  countMessages(): Promise<number>;
  findFaults(): Promise<readonly string[]>;
  version(): Promise<string>;
}

interface SidePlace {
  readonly from: string;
  readonly to: string;
  readonly peer: SyntheticPeer;
  readonly signal: AbortSignal;
}

/** Makes accounts and conversations on two servers of the ground. */
export async function openScaleSide(ground: BenchGround, { from, to, peer, signal }: SidePlace): Promise<ScaleSide> {
  const [sending, receiving] = [await ground.instance(from), await ground.instance(to)];
  const [pair, crowd] = await openPairs(ground, 2, { from, to });
  if (pair === undefined || crowd === undefined) throw new Error('there is no conversation');
  const aimed = await peer.aim(ground, receiving);
  const writerId = `carol@${peer.domain}`;
  const [foreign, foreignCrowd] = [await aimed.found(writerId, [pair.receiver.userId]), await aimed.found(writerId, [crowd.receiver.userId])];
  const [here, there] = [await openBenchDatabase(sending.databaseUrl), await openBenchDatabase(receiving.databaseUrl)];
  const arrivals = await openArrivals([pair.receiver, crowd.receiver]);
  const sent = new Map<string, string[]>();
  const noteOf = (conversationId: string): string[] => {
    const ids: string[] = [];
    sent.set(conversationId, ids);
    return ids;
  };
  const openWay = (conversation: Conversation, foreignId: string): Way => {
    const prober = openProber(conversation, { arrivals, sent: noteOf(conversation.conversationId), signal });
    const accept = createForeignWriter(aimed, { conversationId: foreignId, writerId, destination: to, sent: noteOf(foreignId) });
    return { once: async () => ({ ...(await prober.once()), inboundMs: await accept() }), [Symbol.dispose]: () => prober.close() };
  };
  const [plain, group] = [openWay(pair, foreign), openWay(crowd, foreignCrowd)];
  return {
    plain,
    group,
    grow: growing({ here, there, receiverDomain: to, plain: [pair.conversationId, foreign], group: [crowd.conversationId, foreignCrowd] }),
    settle: async () => void (await Promise.all([here, there].map(({ client }) => settleDatabase(client)))),
    countMessages: () => there.countMessages(),
    async findFaults() {
      const stored = await there.messages([...sent.keys()], [...sent.values()].flat());
      return [...sent].flatMap(([id, ids]) => compare(ids, stored.get(id) ?? [], `${to} in ${id}`));
    },
    version: () => there.version(),
    async [Symbol.asyncDispose]() {
      for (const way of [plain, group]) way[Symbol.dispose]();
      arrivals.close();
      await Promise.all([here, there].map((database) => database[Symbol.asyncDispose]()));
    },
  };
}

interface Grounds {
  readonly here: BenchDatabase;
  readonly there: BenchDatabase;
  readonly receiverDomain: string;
  /** The conversation that both servers have, and the one of the receiver's server alone. */
  readonly plain: readonly [string, string];
  readonly group: readonly [string, string];
}

function growing({ here, there, receiverDomain, plain, group }: Grounds): ScaleSide['grow'] {
  return {
    async storedMessages(size) {
      await Promise.all([growHistory(here, plain.slice(0, 1), size), growHistory(there, plain, size)]);
    },
    async conversations(size) {
      await Promise.all([growConversations(here, plain[0], size), growConversations(there, plain[0], size)]);
    },
    async participants(size) {
      const members = { domain: receiverDomain, count: size };
      await growMembers(here, group[0], members);
      for (const id of group) await growMembers(there, id, members);
    },
  };
}

interface ForeignWriter {
  readonly conversationId: string;
  readonly writerId: string;
  readonly destination: string;
  readonly sent: string[];
}

/** Gives what sends one message of the peer and answers how long its acceptance took, in milliseconds. */
function createForeignWriter(aimed: AimedPeer, { conversationId, writerId, destination, sent }: ForeignWriter): () => Promise<number> {
  const make = createMessageMaker({ conversationId, senderId: writerId });
  return async () => {
    const message = make();
    sent.push(message.messageId);
    const call = aimed.sign('/federation/v1/messages', { ...message, senderId: writerId, recipientServerDomain: destination });
    const startedAtMs = performance.now();
    const { status, body } = await aimed.send(call);
    if (status !== 202) throw new Error(`a message was refused: ${status} ${body.slice(0, 300)}`);
    return performance.now() - startedAtMs;
  };
}
