/** The kinds of identifier this file knows, in the closed `code` of {@link IdentifierError}. */
type IdentifierKind = 'domain' | 'username' | 'user_id' | 'conversation_id' | 'message_id' | 'key_id';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A server's domain, lower-case A-labels. @see docs/protocol.md [ID-2] */
export type Domain = Branded<'Domain'>;
/** The part of a user id before the `@`. @see docs/protocol.md [ID-1] */
export type Username = Branded<'Username'>;
/** `username@domain`. @see docs/protocol.md [ID-1] */
export type UserId = Branded<'UserId'>;
/** The name of a conversation, unique under its owner domain. @see docs/protocol.md [ID-3] */
export type ConversationId = Branded<'ConversationId'>;
/** The author's UUIDv7, or the hash that stands for it in a Core message. @see docs/protocol.md [ID-4] */
export type MessageId = Branded<'MessageId'>;
/** The name of one federation key of a server. @see docs/protocol.md [KEY-1] */
export type KeyId = Branded<'KeyId'>;

const RULES: Readonly<Record<IdentifierKind, string>> = {
  domain: 'A domain is two or more lower-case labels joined by dots, at most 253 bytes, without port or trailing dot.',
  username: 'A username is 1 to 32 of a-z, 0-9, dot, underscore and hyphen, beginning and ending with a letter or digit.',
  user_id: 'A user id is a username, an @ and a domain, at most 255 bytes.',
  conversation_id: 'A conversation id is 1 to 276 of A-Z, a-z, 0-9, dot, underscore, tilde, colon and hyphen.',
  message_id: 'A message id is a lower-case UUID of version 7.',
  key_id: 'A key id is 1 to 32 of A-Z, a-z, 0-9, underscore and hyphen.',
};

/** Says that a text is not an identifier of the kind in `code`; the message names what is right and never echoes the text. */
export class IdentifierError extends Error {
  override readonly name = 'IdentifierError';
  readonly code: IdentifierKind;

  constructor(code: IdentifierKind) {
    super(RULES[code]);
    this.code = code;
  }
}

// A `--` in places 3 and 4 marks a reserved label; `xn--` is the only reservation in use (RFC 5890 section 2.3.1).
const LABEL = '(?!(?!xn)[a-z0-9-]{2}--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const DOMAIN_TEXT = `(?:${LABEL}\\.)+(?=[a-z])${LABEL}`;
const USERNAME_TEXT = '[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?';
const DOMAIN = new RegExp(`^${DOMAIN_TEXT}$`);
const USERNAME = new RegExp(`^${USERNAME_TEXT}$`);
const CONVERSATION_ID = /^(?!\.{1,2}$)[A-Za-z0-9._~:-]{1,276}$/;
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const CORE_MESSAGE_ID = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const KEY_ID = /^[A-Za-z0-9_-]{1,32}$/;
const MEDIA_ID = /^[A-Za-z0-9_-]{22}$/;

const MAX_DOMAIN_LENGTH = 253;
const MAX_USER_ID_LENGTH = 255;

/** Gives each identifier's form as JSON Schema writes it (2020-12, ECMA-262 patterns). @see docs/protocol.md [ID-1] to [ID-4] [KEY-1] [API-9] */
export const IDENTIFIER_FORMS = {
  domain: { type: 'string', maxLength: MAX_DOMAIN_LENGTH, pattern: DOMAIN.source },
  userId: { type: 'string', maxLength: MAX_USER_ID_LENGTH, pattern: `^${USERNAME_TEXT}@${DOMAIN_TEXT}$` },
  conversationId: { type: 'string', pattern: CONVERSATION_ID.source },
  messageId: { type: 'string', pattern: UUID_V7.source },
  coreMessageId: { type: 'string', pattern: CORE_MESSAGE_ID.source },
  keyId: { type: 'string', pattern: KEY_ID.source },
  mediaId: { type: 'string', pattern: MEDIA_ID.source },
} as const;

/** Reads a domain or throws {@link IdentifierError}; upper case is refused, never folded. @see docs/protocol.md [ID-2] */
export function parseDomain(text: string): Domain {
  if (text.length > MAX_DOMAIN_LENGTH || !DOMAIN.test(text)) throw new IdentifierError('domain');
  return text as Domain;
}

/** Reads a username or throws {@link IdentifierError}. @see docs/protocol.md [ID-1] */
export function parseUsername(text: string): Username {
  if (!USERNAME.test(text)) throw new IdentifierError('username');
  return text as Username;
}

/** Reads `username@domain` or throws {@link IdentifierError} with code `user_id`. @see docs/protocol.md [ID-1] */
export function parseUserId(text: string): UserId {
  const at = text.indexOf('@');
  if (
    text.length > MAX_USER_ID_LENGTH ||
    at < 1 ||
    text.length - at - 1 > MAX_DOMAIN_LENGTH ||
    !USERNAME.test(text.slice(0, at)) ||
    !DOMAIN.test(text.slice(at + 1))
  ) {
    throw new IdentifierError('user_id');
  }
  return text as UserId;
}

/** Reads a conversation id or throws {@link IdentifierError}. @see docs/protocol.md [ID-3] */
export function parseConversationId(text: string): ConversationId {
  if (!CONVERSATION_ID.test(text)) throw new IdentifierError('conversation_id');
  return text as ConversationId;
}

/** Reads a message id as its author made it, a lower-case UUIDv7, or throws {@link IdentifierError}. @see docs/protocol.md [ID-4] */
export function parseMessageId(text: string): MessageId {
  if (!UUID_V7.test(text)) throw new IdentifierError('message_id');
  return text as MessageId;
}

/** Reads the id that stands in for a Core message's missing one, base64url of a SHA-256, or throws {@link IdentifierError}. @see docs/protocol.md [ID-4] */
export function parseCoreMessageId(text: string): MessageId {
  if (!CORE_MESSAGE_ID.test(text)) throw new IdentifierError('message_id');
  return text as MessageId;
}

/** Reads a `kid` or throws {@link IdentifierError}. @see docs/protocol.md [KEY-1] */
export function parseKeyId(text: string): KeyId {
  if (!KEY_ID.test(text)) throw new IdentifierError('key_id');
  return text as KeyId;
}

/** Gives the domain of a user id. */
export function domainOf(userId: UserId): Domain {
  return userId.slice(userId.indexOf('@') + 1) as Domain;
}

/** Gives the username of a user id. */
export function usernameOf(userId: UserId): Username {
  return userId.slice(0, userId.indexOf('@')) as Username;
}

/** Joins username and domain; throws {@link IdentifierError} where the two together exceed 255 bytes. @see docs/protocol.md [ID-1] */
export function formatUserId(username: Username, domain: Domain): UserId {
  return parseUserId(`${username}@${domain}`);
}

/** Joins 22 base64url characters of 128 random bits and the owner domain; throws {@link IdentifierError}. @see docs/protocol.md [ID-3] */
export function formatConversationId(random22: string, owner: Domain): ConversationId {
  if (!/^[A-Za-z0-9_-]{21}[AQgw]$/.test(random22)) throw new IdentifierError('conversation_id');
  return parseConversationId(`${random22}:${owner}`);
}

/**
 * Gives what follows the last `:` of a conversation id, null where it has none.
 * The text need not be a domain: one that is not simply equals no initiator's domain.
 * @see docs/protocol.md [ID-3]
 */
export function ownerDomainInId(conversationId: ConversationId): Domain | null {
  const colon = conversationId.lastIndexOf(':');
  return colon === -1 ? null : (conversationId.slice(colon + 1) as Domain);
}
