import type { Server as HttpServer } from 'node:http';
import type { Logger } from 'pino';
import type { UserId } from '../../protocol/ids.ts';
import type { DomainEvent, Notifier } from '../domain/ports.ts';
import type { BusNews, EventNotice, ProcessBus } from '../domain/process-bus.ts';
import { toWireEvent } from '../domain/wire-event.ts';
import type { WireEvent } from '../domain/wire-event.ts';
import { createEventStreams } from './event-streams.ts';
import type { EventStreams } from './event-streams.ts';
import { createIncomingNews } from './incoming-news.ts';
import type { LoadMessages } from './incoming-news.ts';
import type { SignedIn } from './signed-in.ts';
import { createSocketRooms } from './socket-rooms.ts';

/** Tells local users, whichever process on this database they are connected to, by socket and by stream. */
export interface Realtime extends Notifier {
  attach(server: HttpServer): void;
  /** Opens a stream of server-sent events. */
  readonly openStream: EventStreams['open'];
  /** Closes the sockets and streams of a browser whose session was revoked, at every process. */
  disconnectSession(sessionId: string): void;
  close(): Promise<void>;
}

const RESYNC: WireEvent = { name: 'resync', payload: {} };

/** Creates the Notifier of this process; `streamMs` is how long a stream lasts, 4 minutes unless given. */
export function createRealtime(options: {
  readonly authenticate: (cookieHeader: string) => Promise<SignedIn | null>;
  readonly allowedOrigin: string;
  readonly bus: ProcessBus;
  readonly loadMessages: LoadMessages;
  readonly now: () => number;
  readonly newId: () => string;
  readonly logger: Logger;
  readonly streamMs?: number;
}): Realtime {
  const { bus } = options;
  const sockets = createSocketRooms(options);
  const streams = createEventStreams({ ...options, listen: bus.listen });
  const isHere = (userId: UserId): boolean => sockets.has(userId) || streams.has(userId);

  function send(userIds: readonly UserId[], event: WireEvent): void {
    sockets.send(userIds, event);
    streams.send(userIds, event);
  }

  /** Most people are connected elsewhere or not at all: for them nothing is made. */
  function deliver(userIds: readonly UserId[], event: DomainEvent): void {
    if (userIds.some(isHere)) send(userIds, toWireEvent(event));
  }

  function endSession(sessionId: string): void {
    sockets.disconnectSession(sessionId);
    streams.endSession(sessionId);
  }

  const take = createIncomingNews({ ...options, deliver, missed: (userIds) => send(userIds, RESYNC) });

  function hear(news: BusNews): void {
    if (news.kind === 'gap') {
      sockets.sendToAll(RESYNC);
      streams.sendToAll(RESYNC);
    } else if (news.kind === 'session_revoked') endSession(news.sessionId);
    else if (news.kind === 'event') {
      const userIds = news.userIds.filter(isHere);
      if (userIds.length > 0) take({ userIds, event: news.event });
    }
  }

  const unsubscribe = bus.subscribe(hear);
  return {
    attach: sockets.attach,
    notify(userIds, event) {
      if (userIds.length === 0) return;
      deliver(userIds, event);
      bus.publish({ kind: 'event', userIds, event: noticeOf(event) });
    },
    openStream: streams.open,
    disconnectSession(sessionId) {
      endSession(sessionId);
      bus.publish({ kind: 'session_revoked', sessionId });
    },
    async close() {
      unsubscribe();
      sockets.close();
      streams.close();
    },
  };
}

function noticeOf(event: DomainEvent): EventNotice {
  if (event.kind !== 'message') return event;
  const { conversationId, position, messageId } = event.message;
  return { kind: 'message', conversationId, position, messageId };
}
