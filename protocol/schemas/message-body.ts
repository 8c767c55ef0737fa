import * as z from 'zod';
import { encryptedPayload } from './encrypted-payload.ts';
import { conversationIdField, domainField, messageIdField, timestampField, userIdField } from './fields.ts';

/**
 * Reads the body of `POST /messages`; `messageId` is absent in Core. Unknown members are dropped.
 * @see docs/protocol.md [API-2] [ID-4]
 */
export const messageBody = z.object({
  messageId: messageIdField.exactOptional(),
  conversationId: conversationIdField,
  senderId: userIdField,
  recipientServerDomain: domainField,
  payload: encryptedPayload,
  timestamp: timestampField,
});

/** One message on its way to a server with members of its conversation. @see docs/protocol.md [API-2] */
export type MessageBody = Readonly<z.infer<typeof messageBody>>;
