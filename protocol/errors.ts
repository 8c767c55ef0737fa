import type { JsonObject } from './json.ts';
import { UNKNOWN_CONVERSATION_GRACE_SECONDS } from './limits.ts';
import type { Timestamp } from './timestamp.ts';

/**
 * How a sender takes a failure: `permanent` ends the attempts and is shown to the author, `transient` is retried,
 * `operator` is retried slowly while the operator is told.
 * @see docs/protocol.md [ERR-4]
 */
type ErrorClass = 'permanent' | 'transient' | 'operator';

/** One row of the registry: `title` and `detail` travel, `en` and `fr` are sentences for people. @see docs/protocol.md [ERR-2] */
interface ErrorEntry {
  readonly status: number;
  readonly class: ErrorClass;
  readonly title: string;
  readonly detail: string;
  readonly en: string;
  readonly fr: string;
}

/** Lists every code with its status, class and texts. @see docs/protocol.md [ERR-1] [ERR-2] [ERR-4] */
export const ERROR_REGISTRY = {
  bad_request_target: {
    status: 400, class: 'transient', title: 'Bad request target',
    detail: 'The request-target is not one or more plain path segments.',
    en: 'The address of the request was not understood.',
    fr: 'L’adresse de la requête n’a pas été comprise.',
  },
  invalid_json: {
    status: 400, class: 'permanent', title: 'Invalid JSON',
    detail: 'The body is not strict JSON.',
    en: 'The other server could not read what was sent.',
    fr: 'L’autre serveur n’a pas pu lire ce qui a été envoyé.',
  },
  invalid_body: {
    status: 400, class: 'permanent', title: 'Invalid body',
    detail: 'A member of the body is missing or not of its form.',
    en: 'The other server did not accept the form of what was sent.',
    fr: 'L’autre serveur n’a pas accepté la forme de ce qui a été envoyé.',
  },
  signature_missing: {
    status: 401, class: 'operator', title: 'Signature missing',
    detail: 'The request carries no federation signature.',
    en: 'A server did not say who it is.',
    fr: 'Un serveur n’a pas dit qui il est.',
  },
  signature_malformed: {
    status: 401, class: 'operator', title: 'Signature malformed',
    detail: 'The federation signature header is not of its form.',
    en: 'A server did not say properly who it is.',
    fr: 'Un serveur n’a pas dit correctement qui il est.',
  },
  timestamp_out_of_window: {
    status: 401, class: 'operator', title: 'Timestamp out of window',
    detail: "The signature was created too far from the receiver's clock.",
    en: 'The clocks of the two servers differ too much.',
    fr: 'Les horloges des deux serveurs sont trop décalées.',
  },
  unknown_key: {
    status: 401, class: 'operator', title: 'Unknown key',
    detail: 'The signing key is not one that its domain publishes.',
    en: 'The other server does not recognise this server’s key.',
    fr: 'L’autre serveur ne reconnaît pas la clé de ce serveur.',
  },
  signature_invalid: {
    status: 401, class: 'operator', title: 'Signature invalid',
    detail: 'The signature does not match the request.',
    en: 'A server could not prove who it is.',
    fr: 'Un serveur n’a pas pu prouver qui il est.',
  },
  replay_detected: {
    status: 401, class: 'operator', title: 'Replay detected',
    detail: 'The nonce of the signature has been used before.',
    en: 'The same request was received twice and refused the second time.',
    fr: 'La même requête a été reçue deux fois et refusée la deuxième.',
  },
  domain_blocked: {
    status: 403, class: 'operator', title: 'Domain blocked',
    detail: 'The receiver does not federate with the signing domain.',
    en: 'The other server has chosen not to talk with this one.',
    fr: 'L’autre serveur a choisi de ne pas échanger avec celui-ci.',
  },
  sender_domain_mismatch: {
    status: 403, class: 'permanent', title: 'Sender domain mismatch',
    detail: 'The acting user is not of the signing domain.',
    en: 'A server may only speak for its own people.',
    fr: 'Un serveur ne peut parler que pour ses propres utilisateurs.',
  },
  conversation_owner_mismatch: {
    status: 403, class: 'permanent', title: 'Conversation owner mismatch',
    detail: 'The domain in the conversation id is not that of the initiator.',
    en: 'This conversation belongs to another server.',
    fr: 'Cette conversation appartient à un autre serveur.',
  },
  not_owner_domain: {
    status: 403, class: 'permanent', title: 'Not the owner domain',
    detail: 'Only the owner domain of the conversation may change it.',
    en: 'Only the server where the conversation began can change it.',
    fr: 'Seul le serveur où la conversation a commencé peut la modifier.',
  },
  not_a_member: {
    status: 403, class: 'permanent', title: 'Not a member',
    detail: 'The acting user is not a member of the conversation.',
    en: 'You are not in this conversation any more.',
    fr: 'Vous ne faites plus partie de cette conversation.',
  },
  not_accepting: {
    status: 403, class: 'permanent', title: 'Not accepting',
    detail: 'The recipient does not accept this.',
    en: 'This person does not accept messages from you.',
    fr: 'Cette personne n’accepte pas vos messages.',
  },
  not_found: {
    status: 404, class: 'transient', title: 'Not found',
    detail: 'There is nothing at this address.',
    en: 'The other server does not offer this.',
    fr: 'L’autre serveur ne propose pas cela.',
  },
  unknown_user: {
    status: 404, class: 'permanent', title: 'Unknown user',
    detail: 'There is no such user here.',
    en: 'There is nobody by this name on that server.',
    fr: 'Personne ne porte ce nom sur ce serveur.',
  },
  unknown_conversation: {
    status: 404, class: 'permanent', title: 'Unknown conversation',
    detail: 'There is no such conversation with a member here.',
    en: 'The other server does not know this conversation.',
    fr: 'L’autre serveur ne connaît pas cette conversation.',
  },
  unknown_media: {
    status: 404, class: 'permanent', title: 'Unknown media',
    detail: 'There is no such media for this server.',
    en: 'This file is not available any more.',
    fr: 'Ce fichier n’est plus disponible.',
  },
  method_not_allowed: {
    status: 405, class: 'transient', title: 'Method not allowed',
    detail: 'This address does not answer to this method.',
    en: 'The other server does not offer this.',
    fr: 'L’autre serveur ne propose pas cela.',
  },
  message_id_conflict: {
    status: 409, class: 'permanent', title: 'Message id conflict',
    detail: 'Another message has this id.',
    en: 'The other server already holds a different message under the same id.',
    fr: 'L’autre serveur a déjà un autre message sous le même identifiant.',
  },
  conversation_exists: {
    status: 409, class: 'permanent', title: 'Conversation exists',
    detail: 'Another conversation has this id.',
    en: 'The other server already has a different conversation under the same id.',
    fr: 'L’autre serveur a déjà une autre conversation sous le même identifiant.',
  },
  stale_epoch: {
    status: 409, class: 'permanent', title: 'Stale epoch',
    detail: 'The change does not follow the current epoch.',
    en: 'The conversation changed in the meantime.',
    fr: 'La conversation a changé entre-temps.',
  },
  user_gone: {
    status: 410, class: 'permanent', title: 'User gone',
    detail: 'The user is deactivated.',
    en: 'This person has closed their account.',
    fr: 'Cette personne a fermé son compte.',
  },
  body_too_large: {
    status: 413, class: 'transient', title: 'Body too large',
    detail: 'The body exceeds the limit of this address.',
    en: 'This is too large for the other server.',
    fr: 'C’est trop volumineux pour l’autre serveur.',
  },
  unsupported_media_type: {
    status: 415, class: 'transient', title: 'Unsupported media type',
    detail: 'The body is not plain application/json.',
    en: 'The other server did not accept the format of what was sent.',
    fr: 'L’autre serveur n’a pas accepté le format de ce qui a été envoyé.',
  },
  misdirected: {
    status: 421, class: 'permanent', title: 'Misdirected',
    detail: 'The request is meant for a domain not served here.',
    en: 'The server that answered does not serve that domain.',
    fr: 'Le serveur qui a répondu ne gère pas ce domaine.',
  },
  rate_limited: {
    status: 429, class: 'transient', title: 'Rate limited',
    detail: 'There were too many requests.',
    en: 'The other server asks to slow down.',
    fr: 'L’autre serveur demande de ralentir.',
  },
  internal_error: {
    status: 500, class: 'transient', title: 'Internal error',
    detail: 'The server failed to handle the request.',
    en: 'The other server had a fault of its own.',
    fr: 'L’autre serveur a rencontré une panne.',
  },
  key_unavailable: {
    status: 503, class: 'transient', title: 'Key unavailable',
    detail: 'The key document of the signing domain could not be fetched.',
    en: 'The other server could not check who is calling.',
    fr: 'L’autre serveur n’a pas pu vérifier qui l’appelle.',
  },
  unavailable: {
    status: 503, class: 'transient', title: 'Unavailable',
    detail: 'The server cannot handle the request now.',
    en: 'The other server is not available for the moment.',
    fr: 'L’autre serveur n’est pas disponible pour le moment.',
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

/** A code that the wire may carry. @see docs/protocol.md [ERR-2] */
export type ErrorCode = keyof typeof ERROR_REGISTRY;

/** What an error says beyond its code, each where it applies. @see docs/protocol.md [ERR-1] */
interface ProtocolErrorExtras extends ErrorOptions {
  /** The first bad member, RFC 6901; `''` is the whole body. */
  readonly pointer?: string;
  /** The epoch that the conversation really has, for `stale_epoch`. */
  readonly currentEpoch?: number;
  /** The receiver's clock, for `timestamp_out_of_window`. */
  readonly serverTime?: Timestamp;
  /** Delta-seconds, also sent as `Retry-After`. */
  readonly retryAfterSeconds?: number;
}

/** Refuses a request with one of the registered codes; the message is the code's constant detail. @see docs/protocol.md [ERR-2] */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: ErrorCode;
  readonly pointer?: string;
  readonly currentEpoch?: number;
  readonly serverTime?: Timestamp;
  readonly retryAfterSeconds?: number;

  constructor(code: ErrorCode, extras: ProtocolErrorExtras = {}) {
    super(ERROR_REGISTRY[code].detail, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.code = code;
    if (extras.pointer !== undefined) this.pointer = extras.pointer;
    if (extras.currentEpoch !== undefined) this.currentEpoch = extras.currentEpoch;
    if (extras.serverTime !== undefined) this.serverTime = extras.serverTime;
    if (extras.retryAfterSeconds !== undefined) this.retryAfterSeconds = extras.retryAfterSeconds;
  }
}

/** Is the media type of every error. @see RFC 9457 section 3 */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** Builds the body of an error; `requestId` is 16 to 64 of `[A-Za-z0-9-]`. @see docs/protocol.md [ERR-1] */
export function problemDocument(error: ProtocolError, requestId: string): JsonObject {
  const { status, title, detail } = ERROR_REGISTRY[error.code];
  return {
    type: `urn:securechat:error:${error.code}`,
    title,
    status,
    detail,
    code: error.code,
    requestId,
    ...(error.retryAfterSeconds !== undefined && { retryAfterSeconds: error.retryAfterSeconds }),
    ...(error.serverTime !== undefined && { serverTime: error.serverTime }),
    ...(error.pointer !== undefined && { pointer: error.pointer }),
    ...(error.currentEpoch !== undefined && { currentEpoch: error.currentEpoch }),
  };
}

/** Tells whether a text is a registered code, so that a peer's answer may be believed. @see docs/protocol.md [ERR-2] */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_REGISTRY, text);
}

/**
 * Tells whether an authentic answer with this code ends the attempts. `unknown_conversation` does so only once
 * it has been answered for 10 minutes, because the conversation itself may still be on its way.
 * @see docs/protocol.md [ERR-4]
 */
export function isPermanentCode(code: ErrorCode, secondsSinceFirstRefusal = 0): boolean {
  if (code === 'unknown_conversation') return secondsSinceFirstRefusal >= UNKNOWN_CONVERSATION_GRACE_SECONDS;
  return ERROR_REGISTRY[code].class === 'permanent';
}
