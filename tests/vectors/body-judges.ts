import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { JsonObject } from '../../protocol/json.ts';
import { changeContentInput, messageContentInput } from '../../protocol/same-content.ts';
import { batchBody } from '../../protocol/schemas/batch-body.ts';
import { isFullChange } from '../../protocol/schemas/change-fields.ts';
import { conversationBody } from '../../protocol/schemas/conversation-body.ts';
import { eventsBody } from '../../protocol/schemas/events-body.ts';
import { messageBody } from '../../protocol/schemas/message-body.ts';
import { parseBody } from '../../protocol/schemas/parse-body.ts';
import { publicKeyAnswer } from '../../protocol/schemas/public-key-answer.ts';
import { sessionKeyBody } from '../../protocol/schemas/session-key-body.ts';
import { accepted, attempt, refused } from './outcome.ts';
import type { Judge } from './outcome.ts';

interface Body {
  readonly body: JsonObject;
}

interface Repeat {
  readonly first: JsonObject;
  readonly second: JsonObject;
}

const keeps = (schema: z.ZodType): Judge => ({ body }: Body) => attempt(() => ({ kept: parseBody(schema, body) }));
const hashOf = (canonical: string) => ({ canonical, sha256: createHash('sha256').update(canonical).digest('base64') });
const contentOfMessage = (body: JsonObject): string => messageContentInput(parseBody(messageBody, body));
const contentOfChange = (body: JsonObject): string =>
  changeContentInput(body['action'] === 'rotate_key' ? parseBody(sessionKeyBody, body) : parseBody(conversationBody, body));

/** Judges bodies of requests and answers. */
export const BODY_JUDGES: Readonly<Record<string, Judge>> = {
  MessageBody: keeps(messageBody),
  BatchBody: keeps(batchBody),
  EventsBody: keeps(eventsBody),
  PublicKeyAnswer: keeps(publicKeyAnswer),
  ConversationBody: ({ body }: Body) =>
    attempt(() => {
      const kept = parseBody(conversationBody, body);
      return { kept, full: isFullChange(kept) };
    }),
  SessionKeyBody: ({ body }: Body) =>
    attempt(() => {
      const kept = parseBody(sessionKeyBody, body);
      return { kept, full: isFullChange(kept) };
    }),
  MessageContent: ({ body }: Body) => attempt(() => hashOf(contentOfMessage(body))),
  ChangeContent: ({ body }: Body) => attempt(() => hashOf(contentOfChange(body))),
  MessageRepeat: ({ first, second }: Repeat) => (contentOfMessage(first) === contentOfMessage(second) ? accepted() : refused({ code: 'message_id_conflict' })),
  ChangeRepeat: ({ first, second }: Repeat) => (contentOfChange(first) === contentOfChange(second) ? accepted() : refused({ code: 'conversation_exists' })),
};
