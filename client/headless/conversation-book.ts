import type { ConversationId } from '../../protocol/ids.ts';
import type { Keystore } from '../keystore/keystore.ts';
import type { InstanceClient } from '../trpc/instance-client.ts';
import { callInstance } from '../trpc/instance-error.ts';
import type { ConversationWire } from '../trpc/wire.ts';
import type { Contacts } from './contacts.ts';
import type { VaultKeeper } from './vault-keeper.ts';
import { verifyConversation } from './verified-conversation.ts';
import type { VerifiedConversation } from './verified-conversation.ts';

/** Fetches conversations, verifies them and remembers them until something about them changes. */
export interface ConversationBook {
  /** Gives what is known, fetched where nothing is. */
  load(conversationId: ConversationId): Promise<VerifiedConversation>;
  /** Gives what is known if it still fits what the server lists, with the listed counters; else fetches. */
  loadListed(summary: ConversationWire): Promise<VerifiedConversation>;
  refresh(conversationId: ConversationId): Promise<VerifiedConversation>;
  forget(conversationId: ConversationId): void;
}

/** Creates an empty book for the person signed in. */
export function createConversationBook(options: {
  readonly api: InstanceClient;
  readonly vault: VaultKeeper;
  readonly keystore: Keystore;
  readonly contacts: Contacts;
  /** Is told of each conversation that was fetched and verified. */
  readonly onVerified: (conversation: VerifiedConversation) => void;
}): ConversationBook {
  const { api, vault, keystore, contacts, onVerified } = options;
  const known = new Map<ConversationId, VerifiedConversation>();
  const underway = new Map<ConversationId, Promise<VerifiedConversation>>();

  async function fetchAndVerify(conversationId: ConversationId): Promise<VerifiedConversation> {
    const details = await callInstance(api.conversations.get.query({ conversationId }));
    const knownHashes = await keystore.findVerifiedHashes(conversationId);
    const { identity, former } = vault.contents();
    const verified = await verifyConversation(details, {
      conversationId,
      self: identity.userId,
      contacts,
      knownHashes,
      secretKeys: [identity, ...former].map(({ secretKey }) => secretKey),
    });
    const hashes = new Map([...knownHashes, ...[...verified.epochs].map(([epoch, { hash }]) => [epoch, hash] as const)]);
    if (hashes.size > knownHashes.size) await keystore.saveVerifiedHashes(conversationId, hashes);
    // What could not be verified is looked at again each time: a server may only have been silent.
    if (verified.standing === 'unverified') known.delete(conversationId);
    else known.set(conversationId, verified);
    onVerified(verified);
    return verified;
  }

  function refresh(conversationId: ConversationId): Promise<VerifiedConversation> {
    const fetching = fetchAndVerify(conversationId).finally(() => {
      if (underway.get(conversationId) === fetching) underway.delete(conversationId);
    });
    underway.set(conversationId, fetching);
    return fetching;
  }

  const load = async (conversationId: ConversationId): Promise<VerifiedConversation> =>
    underway.get(conversationId) ?? known.get(conversationId) ?? refresh(conversationId);

  return {
    load,
    async loadListed(summary) {
      const kept = known.get(summary.conversationId);
      const fits = kept !== undefined && isOfOneState(kept.summary, summary);
      const verified = fits ? kept : await (underway.get(summary.conversationId) ?? refresh(summary.conversationId));
      return { ...verified, summary };
    },
    refresh,
    forget(conversationId) {
      known.delete(conversationId);
      underway.delete(conversationId);
    },
  };
}

/** A leave changes the members alone: neither the epoch nor how the others stand. */
function isOfOneState(one: ConversationWire, other: ConversationWire): boolean {
  const isSame = one.epoch === other.epoch && one.standing === other.standing;
  return isSame && one.participants.length === other.participants.length && one.participants.every((userId) => other.participants.includes(userId));
}
