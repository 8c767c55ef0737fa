import * as z from 'zod';
import { encodeUtf8 } from '../../e2ee/bytes.ts';
import type { RandomBytes } from '../../e2ee/random.ts';
import type { SequenceState } from '../../e2ee/replay.ts';
import { decodeBase64, encodeBase64 } from '../../protocol/base64.ts';
import type { ConversationId, MessageId, UserId } from '../../protocol/ids.ts';
import type { JsonValue } from '../../protocol/json.ts';
import { encryptedPayload } from '../../protocol/schemas/encrypted-payload.ts';
import type { EncryptedPayload } from '../../protocol/schemas/encrypted-payload.ts';
import { base64Field, messageIdField, timestampField, userIdField } from '../../protocol/schemas/fields.ts';
import type { Timestamp } from '../../protocol/timestamp.ts';
import type { Locks } from './locks.ts';
import type { SecretStore } from './secret-store.ts';
import { vaultContentsFromJson, vaultContentsToJson } from './vault-contents.ts';
import type { VaultContents } from './vault-contents.ts';

/** Everything secret of the person signed in here. `counter` is the highest that a vault of theirs was seen with. */
export interface OpenAccount {
  readonly userId: UserId;
  readonly vaultKey: Uint8Array;
  readonly wrappedByPassword: string;
  readonly wrappedByRecovery: string;
  readonly counter: number;
  readonly contents: VaultContents;
  /** How many changes the server has not been given. */
  readonly unsavedEdits: number;
}

/** A message sealed for good: sent again, it is the same bytes. */
export interface OutgoingMessage {
  readonly messageId: MessageId;
  readonly payload: EncryptedPayload;
  readonly timestamp: Timestamp;
}

/** How far this device is in one conversation: the last sequence number, what `prev` is next, what waits to go out. */
interface SendingState {
  readonly seq: number;
  readonly prev: string | null;
  readonly waiting: readonly OutgoingMessage[];
}

/** What was received in one conversation: up to which position, and the sequence numbers seen. */
interface ReceivedState {
  readonly upToPosition: number;
  readonly sequences: SequenceState;
}

/** Holds all secrets of this device, each in a row of the store; the only code that reads or writes them. */
export interface Keystore {
  findAccount(): Promise<OpenAccount | null>;
  saveAccount(account: OpenAccount): Promise<void>;
  /** Reads, changes and writes the account as one step among all tabs; null when nobody is signed in here. */
  updateAccount(edit: (account: OpenAccount) => OpenAccount): Promise<OpenAccount | null>;
  /** Gives this device's 16 hex digits, made at the first call. */
  deviceId(): Promise<string>;
  findSending(conversationId: ConversationId): Promise<SendingState>;
  /** Reads, changes and writes the sending state as one step among all tabs, so that no sequence number serves twice. */
  updateSending(conversationId: ConversationId, edit: (state: SendingState) => Promise<SendingState>): Promise<void>;
  findReceived(conversationId: ConversationId): Promise<ReceivedState>;
  saveReceived(conversationId: ConversationId, state: ReceivedState): Promise<void>;
  /** Gives the hashes of the statements verified here before, by epoch. */
  findVerifiedHashes(conversationId: ConversationId): Promise<ReadonlyMap<number, string>>;
  saveVerifiedHashes(conversationId: ConversationId, hashes: ReadonlyMap<number, string>): Promise<void>;
  findDraft(conversationId: ConversationId): Promise<string>;
  saveDraft(conversationId: ConversationId, text: string): Promise<void>;
  /** Removes every row: what sign-out leaves behind. */
  wipe(): Promise<void>;
}

const DEVICE_BYTES = 8;

const accountRow = z.object({
  userId: userIdField,
  vaultKey: base64Field(32),
  wrappedByPassword: z.string(),
  wrappedByRecovery: z.string(),
  counter: z.int().min(1),
  contents: z.json(),
  unsavedEdits: z.int().min(0),
});
const sendingRow = z.object({
  seq: z.int().min(0),
  prev: z.string().nullable(),
  waiting: z.array(z.object({ messageId: messageIdField, payload: encryptedPayload, timestamp: timestampField })),
});
const range = z.tuple([z.int(), z.int()]);
const receivedRow = z.object({
  upToPosition: z.int().min(0),
  sequences: z.record(z.string(), z.object({ first: z.int(), seen: z.array(range) })),
});
const hashesRow = z.array(z.tuple([z.int(), z.string()]));

/** Creates the keystore over a store; `locks` must reach as far as the store does. */
export function createKeystore(options: {
  readonly store: SecretStore;
  readonly locks: Locks;
  readonly random: RandomBytes;
}): Keystore {
  const { store, locks, random } = options;

  /** Gives undefined for a row that is missing or damaged: to the callers both are a fresh start. */
  async function read<Row>(name: string, schema: z.ZodType<Row>): Promise<Row | undefined> {
    const bytes = await store.get(name);
    return bytes === null ? undefined : schema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  }
  const write = (name: string, row: JsonValue): Promise<void> => store.put(name, encodeUtf8(JSON.stringify(row)));

  async function findAccount(): Promise<OpenAccount | null> {
    const row = await read('account', accountRow);
    const contents = row === undefined ? null : vaultContentsFromJson(row.userId, row.contents);
    return row === undefined || contents === null ? null : { ...row, vaultKey: decodeBase64(row.vaultKey), contents };
  }
  const saveAccount = (account: OpenAccount): Promise<void> =>
    write('account', {
      ...account,
      vaultKey: encodeBase64(account.vaultKey),
      contents: vaultContentsToJson(account.contents),
    });

  async function findSending(conversationId: ConversationId): Promise<SendingState> {
    return (await read(`sending:${conversationId}`, sendingRow)) ?? { seq: 0, prev: null, waiting: [] };
  }

  return {
    findAccount,
    saveAccount: (account) => locks.run('account', () => saveAccount(account)),
    updateAccount: (edit) =>
      locks.run('account', async () => {
        const account = await findAccount();
        if (account === null) return null;
        const changed = edit(account);
        await saveAccount(changed);
        return changed;
      }),
    deviceId: () =>
      locks.run('device', async () => {
        const kept = await read('device', z.string());
        if (kept !== undefined) return kept;
        const made = Array.from(random(DEVICE_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join('');
        await write('device', made);
        return made;
      }),
    findSending,
    updateSending: (conversationId, edit) =>
      locks.run(`sending:${conversationId}`, async () => {
        const changed = await edit(await findSending(conversationId));
        await write(`sending:${conversationId}`, { ...changed, waiting: changed.waiting.map((message) => ({ ...message })) });
      }),
    async findReceived(conversationId) {
      return (await read(`received:${conversationId}`, receivedRow)) ?? { upToPosition: 0, sequences: {} };
    },
    saveReceived: (conversationId, state) => write(`received:${conversationId}`, { ...state }),
    async findVerifiedHashes(conversationId) {
      return new Map(await read(`chain:${conversationId}`, hashesRow));
    },
    saveVerifiedHashes: (conversationId, hashes) => write(`chain:${conversationId}`, [...hashes]),
    async findDraft(conversationId) {
      return (await read(`draft:${conversationId}`, z.string())) ?? '';
    },
    saveDraft: (conversationId, text) =>
      text === '' ? store.delete(`draft:${conversationId}`) : write(`draft:${conversationId}`, text),
    wipe: () => store.clear(),
  };
}
