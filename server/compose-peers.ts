import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import packageJson from '../package.json' with { type: 'json' };
import type { Domain } from '../protocol/ids.ts';
import { MAX_BATCH_ITEMS, MAX_BODY_BYTES, MAX_PARTICIPANTS } from '../protocol/limits.ts';
import type { Config } from './config/read-config.ts';
import type { DeliveryObserver } from './domain/outbox/delivery-observer.ts';
import { createFederationPolicy } from './domain/peers/federation-policy.ts';
import type { OutboxStore } from './domain/outbox/outbox-store.ts';
import type { OutgoingReceiptQueue } from './domain/receipts/outgoing-receipts.ts';
import type { Clock, Notifier, PeerStore } from './domain/ports.ts';
import { createPeerResolver } from './federation/discovery/resolve-peer.ts';
import { createWellKnownHandler } from './federation/inbound/well-known.ts';
import { createFetchKeyDocument } from './federation/keys/fetch-key-document.ts';
import { createFindTxtKeys } from './federation/keys/find-txt-keys.ts';
import { createOwnKeyDocument } from './federation/keys/key-document-source.ts';
import { loadOwnKeys } from './federation/keys/own-keys.ts';
import type { OwnKeys } from './federation/keys/own-keys.ts';
import { createPeerKeys } from './federation/keys/peer-keys.ts';
import { createStrictEd25519 } from './federation/keys/strict-ed25519.ts';
import { createDeliveryWorker } from './federation/outbound/delivery-worker.ts';
import { createFetchRemoteIdentity } from './federation/outbound/fetch-identity.ts';
import { createPeerClient } from './federation/outbound/peer-client.ts';
import { createSendEvents } from './federation/outbound/send-events.ts';
import { createHello } from './federation/outbound/say-hello.ts';
import type { Timers } from './federation/outbound/timers.ts';
import type { Network } from './network.ts';

/** The limits that our key document states [KEY-2]. */
const PUBLISHED_LIMITS = { maxBodyBytes: MAX_BODY_BYTES, maxBatchItems: MAX_BATCH_ITEMS, maxParticipants: MAX_PARTICIPANTS, maxMediaBytes: 0 };
const SOFTWARE = { name: packageJson.name, version: packageJson.version };
const WORKER_ID_BYTES = 12;

interface PeersOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly stores: { readonly peers: PeerStore; readonly outbox: OutboxStore; readonly outgoingReceipts: OutgoingReceiptQueue };
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly observe: DeliveryObserver | undefined;
  readonly network: Pick<Network, 'dns' | 'guardedRequest'>;
}

/** Puts together what finds peers, proves who they are and sends to them. */
export async function composePeers({ config, logger, stores, notifier, clock, timers, random, observe, network }: PeersOptions) {
  const ownKeys = await openOwnKeys(config, { clock, logger });
  const ed25519 = createStrictEd25519();
  const { dns, guardedRequest } = network;
  const staticPeers = new Map<Domain, { host: string; port: number }>(config.SECURECHAT_STATIC_PEERS);
  const fetchDocument = createFetchKeyDocument({ guardedRequest, staticPeers, ed25519, clock });
  const findTxtKeys = createFindTxtKeys({ dns, clock, policy: config.SECURECHAT_TXT_KEYS, trustAd: config.SECURECHAT_DNS_TRUST_AD });
  const peerKeys = createPeerKeys({ peers: stores.peers, fetchDocument, findTxtKeys, clock });
  const resolver = createPeerResolver({ dns, staticPeers, findEndpoints: peerKeys.endpoints, random, clock });
  const peerClient = createPeerClient({ resolver, peerKeys, ed25519, guardedRequest, ownKeys, clock, randomBytes, logger });
  const policy = createFederationPolicy({
    mode: config.SECURECHAT_FEDERATION,
    allow: new Set(config.SECURECHAT_ALLOW),
    block: new Set(config.SECURECHAT_BLOCK),
    peers: stores.peers,
  });
  const worker = createDeliveryWorker({
    outbox: stores.outbox,
    peers: stores.peers,
    receipts: stores.outgoingReceipts,
    peerClient,
    isBlocked: policy.isBlocked,
    notifier,
    clock,
    random,
    ...(observe === undefined ? {} : { observe }),
    logger,
    timers,
    workerId: randomBytes(WORKER_ID_BYTES).toString('hex'),
  });
  const keyDocument = createOwnKeyDocument({ ownKeys, profile: 'full', limits: PUBLISHED_LIMITS, endpoints: [], software: SOFTWARE, clock });
  return {
    policy,
    worker,
    hello: createHello({ peers: stores.peers, peerClient, isBlocked: policy.isBlocked, clock, logger }),
    sendEvents: createSendEvents({ peerClient, isBlocked: policy.isBlocked, mayReach: worker.mayReach, logger }),
    inbound: { peerKeys, ed25519, ownKeys },
    keyDocument: createWellKnownHandler(keyDocument),
    /** Throws where there is no key to sign with, or none to publish. */
    checkOwnKeys() {
      const { kid } = ownKeys.current();
      if (ownKeys.listed().every((listed) => listed.kid !== kid)) throw new Error('the key that signs is not published');
    },
    fetchRemoteIdentity: createFetchRemoteIdentity({ peerClient, clock }),
  };
}

function openOwnKeys({ domain, dataDirectory: directory, SECURECHAT_S2S_PRIVATE_KEY: pem }: Config, { clock, logger }: { clock: Clock; logger: Logger }): Promise<OwnKeys> {
  if (pem !== null) return loadOwnKeys({ domain, pem });
  const onUnreadable = (err: unknown): void =>
    logger.error({ err, operatorAlert: true }, 'the federation key file cannot be read; the keys at hand stay in use');
  return loadOwnKeys({ domain, directory, create: true, clock, onUnreadable });
}
