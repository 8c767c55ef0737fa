import { decodeBase64, decodeBase64Url } from '../../protocol/base64.ts';
import { domainOf, ownerDomainInId, parseConversationId, parseCoreMessageId, parseDomain, parseKeyId, parseMessageId, parseUserId } from '../../protocol/ids.ts';
import { canonicalizeJson, parseStrictJson } from '../../protocol/json.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { parseKeyTxt } from '../../protocol/key-txt.ts';
import { MAX_BATCH_JSON_DEPTH } from '../../protocol/limits.ts';
import { parseRequestTarget } from '../../protocol/request-target.ts';
import { coreMessageIdInput } from '../../protocol/same-content.ts';
import { messageBody } from '../../protocol/schemas/message-body.ts';
import { parseBody } from '../../protocol/schemas/parse-body.ts';
import { isTooFarAhead, parseTimestamp } from '../../protocol/timestamp.ts';
import { encodeUtf8 } from '../../e2ee/bytes.ts';
import { decodeContent, encodeContent } from '../../e2ee/content.ts';
import { sha256Base64, sha256Base64Url } from '../../e2ee/hashes.ts';
import { accepted, attempt, refused } from './outcome.ts';
import type { Judge } from './outcome.ts';

interface Text {
  readonly text: string;
}

const parses = (parse: (text: string) => unknown): Judge => ({ text }: Text) => attempt(() => (parse(text), {}));
const decodes = (decode: (text: string) => Uint8Array): Judge => ({ text }: Text) => attempt(() => ({ bytesHex: hex(decode(text)) }));
const readsJson = (options: { maxDepth?: number }): Judge => ({ bytesHex }: { bytesHex: string }) =>
  attempt(() => ({ canonical: canonicalizeJson(parseStrictJson(bytesOf(bytesHex), options)) }));

/** Writes bytes in hexadecimal. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Reads bytes in hexadecimal. */
export function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/** Reads UTF-16 code units, big-endian in hexadecimal. */
function textOfUtf16(text: string): string {
  return Buffer.from(text, 'hex').swap16().toString('utf16le');
}

/** Judges everything that is a text or a document of its own. */
export const TEXT_JUDGES: Readonly<Record<string, Judge>> = {
  Domain: parses(parseDomain),
  UserId: parses(parseUserId),
  ConversationId: parses(parseConversationId),
  MessageId: parses(parseMessageId),
  CoreMessageId: parses(parseCoreMessageId),
  KeyId: parses(parseKeyId),
  Timestamp: parses(parseTimestamp),
  Base64: decodes(decodeBase64),
  Base64Url: decodes(decodeBase64Url),
  StrictJson: readsJson({}),
  StrictJsonInBatch: readsJson({ maxDepth: MAX_BATCH_JSON_DEPTH }),

  ConversationOwner({ conversationId, initiatorId }: { conversationId: string; initiatorId: string }) {
    const ownerInId = ownerDomainInId(parseConversationId(conversationId));
    const isOwner = ownerInId === null || ownerInId === domainOf(parseUserId(initiatorId));
    return isOwner ? accepted({ ownerInId }) : refused({ code: 'conversation_owner_mismatch' });
  },

  DerivedMessageId({ senderId, conversationId, nonce, ciphertext }: { senderId: string; conversationId: string; nonce: string; ciphertext: string }) {
    const payload = { nonce, ciphertext, authTag: 'AAAAAAAAAAAAAAAAAAAAAA==', associatedData: {} };
    const body = { conversationId, senderId, recipientServerDomain: 'b.test', payload, timestamp: '2026-11-18T11:06:40.000Z' };
    return attempt(async () => {
      const messageId = await sha256Base64Url(coreMessageIdInput(parseBody(messageBody, body)));
      return { messageId: parseCoreMessageId(messageId) };
    });
  },

  MediaId({ text }: Text) {
    const b64 = (length: number): string => Buffer.alloc(length, 1).toString('base64');
    const file = {
      kind: 'file', name: 'a', type: 'b', size: 1, media: text, domain: parseDomain('a.test'), key: b64(32), noncePrefix: b64(7), sha256: b64(32),
      caption: null, width: null, height: null,
    } as const;
    return decodeContent(encodeContent(file)).kind === 'content' ? accepted() : refused({ reason: 'not_of_its_form' });
  },

  BodyTimestamp({ timestamp, now }: { timestamp: string; now: string }) {
    const isRefused = isTooFarAhead(parseTimestamp(timestamp), new Date(now));
    return isRefused ? refused({ code: 'invalid_body', pointer: '/timestamp' }) : accepted();
  },

  RequestTarget: ({ text }: Text) => attempt(() => parseRequestTarget(text)),

  BodyTopLevel: ({ bytesHex }: { bytesHex: string }) => attempt(() => (parseBody(messageBody, parseStrictJson(bytesOf(bytesHex))), {})),

  Jcs: ({ document }: { document: string }) =>
    attempt(async () => {
      const canonical = canonicalizeJson(JSON.parse(document));
      return { canonical, sha256: await sha256Base64(canonical) };
    }),

  JcsNumber: ({ ieee754Hex }: { ieee754Hex: string }) => attempt(() => ({ text: canonicalizeJson(Buffer.from(ieee754Hex, 'hex').readDoubleBE()) })),

  JcsText: ({ utf16Hex }: { utf16Hex: string }) => attempt(() => ({ canonicalHex: hex(encodeUtf8(canonicalizeJson(textOfUtf16(utf16Hex)))) })),

  KeyTxt({ chunks }: { chunks: readonly string[] }) {
    const key = parseKeyTxt(chunks.join(''));
    return key === null ? refused({ reason: 'skipped' }) : accepted(key);
  },

  EncodeContent({ content, contentUtf16Hex }: { content?: JsonObject; contentUtf16Hex?: string }) {
    const encoded = content ?? { kind: 'text', text: textOfUtf16(contentUtf16Hex ?? '') };
    return attempt(() => ({ plaintextHex: hex(encodeContent(encoded as Parameters<typeof encodeContent>[0])) }));
  },

  DecodeContent({ plaintextHex }: { plaintextHex: string }) {
    const decoded = decodeContent(bytesOf(plaintextHex));
    return decoded.kind === 'content' ? accepted({ content: decoded.content }) : refused({ reason: decoded.reason });
  },
};
