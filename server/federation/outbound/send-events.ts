import type { Logger } from 'pino';
import { EVENTS_TARGET } from '../../../protocol/endpoints.ts';
import type { Domain } from '../../../protocol/ids.ts';
import type { FederationEvent } from '../../../protocol/schemas/events-body.ts';
import type { PeerClient } from './peer-client.ts';

/** Sends events that are of use now or never; it neither waits nor fails. */
export type SendEvents = (domain: Domain, events: readonly FederationEvent[]) => void;

interface SendEventsOptions {
  readonly peerClient: Pick<PeerClient, 'isCore' | 'send'>;
  readonly isBlocked: (domain: Domain) => Promise<boolean>;
  /** Tells whether a domain can be reached as far as is known. */
  readonly mayReach: (domain: Domain) => Promise<boolean>;
  readonly logger: Logger;
}

/** Creates what sends typing: to Full peers that can be reached and are not blocked, once, and nothing is kept. @see docs/protocol.md [API-8] [DEL-4] */
export function createSendEvents({ peerClient, isBlocked, mayReach, logger }: SendEventsOptions): SendEvents {
  const send: (...request: Parameters<SendEvents>) => Promise<void> = async (domain, events) => {
    if ((await isBlocked(domain)) || !(await mayReach(domain)) || (await peerClient.isCore(domain))) return;
    await peerClient.send({ destination: domain, method: 'POST', target: EVENTS_TARGET, body: JSON.stringify({ events }) });
  };
  return (domain, events) => {
    send(domain, events).catch((err: unknown) => logger.debug({ err, destination: domain }, 'events were not sent'));
  };
}
