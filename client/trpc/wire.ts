import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../server/trpc/app-router.ts';

type Outputs = inferRouterOutputs<AppRouter>;

/** A conversation as the own server lists it: its claims, none of them verified. */
export type ConversationWire = Outputs['conversations']['list'][number];
/** A conversation with its changes and own wrapped session keys, none of them verified. */
export type ConversationDetails = Outputs['conversations']['get'];
/** What somebody did with own messages, as the own server tells it. */
export type ReceiptWire = Outputs['messages']['list']['receipts'][number];
/** One change as the own server tells it. */
export type ChangeWire = ConversationDetails['changes'][number];
