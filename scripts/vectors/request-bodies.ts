import { conversationBodies, sessionKeyBodies } from './change-bodies.ts';
import { batchBodies, eventsBodies, publicKeyAnswers } from './full-bodies.ts';
import { messageBodies } from './message-bodies.ts';
import type { VectorSubject } from './vector-file.ts';

const NOTES = {
  Ordinary: 'A body that every receiver reads.',
  Boundary: 'As few or as many as the rule allows, or one more.',
  Unknown: 'Members that this version does not know are dropped.',
  Missing: 'A required member is not there.',
  Value: 'A member that is not of its form. Members beside it may be missing too: the pointer names the first bad one.',
};
const ORDER = 'Two bad members: forms first, in the order in which the text lists the members, then contradictions.';
const OPAQUE = 'What is inside is kept whole and not judged.';

/** Lists bodies of messages. @see docs/protocol.md [API-2] */
export function messageBodyVectors(): VectorSubject {
  return {
    subject: 'message-bodies',
    notes: { ...NOTES, Opaque: OPAQUE, Order: ORDER },
    groups: [{ type: 'MessageBody', clause: 'API-2', tests: messageBodies() }],
  };
}

/** Lists bodies of changes of a conversation, as far as they can be judged without knowing it. @see docs/protocol.md [API-3] [API-4] */
export function changeBodyVectors(): VectorSubject {
  return {
    subject: 'change-bodies',
    notes: {
      ...NOTES,
      Opaque: OPAQUE,
      Order: ORDER,
      Contradiction:
        'Members that contradict each other. The pointer names the one that this project\u2019s server names; of another server one that takes part is as good, except where the clause states it.',
    },
    groups: [
      { type: 'ConversationBody', clause: 'API-3', tests: conversationBodies() },
      { type: 'SessionKeyBody', clause: 'API-4', tests: sessionKeyBodies() },
    ],
  };
}

/** Lists bodies of batches and events, and answers with a user's keys. @see docs/protocol.md [API-1] [API-7] [API-8] */
export function otherBodyVectors(): VectorSubject {
  return {
    subject: 'other-bodies',
    notes: NOTES,
    groups: [
      { type: 'BatchBody', clause: 'API-7', tests: batchBodies() },
      { type: 'EventsBody', clause: 'API-8', tests: eventsBodies() },
      { type: 'PublicKeyAnswer', clause: 'API-1', tests: publicKeyAnswers() },
    ],
  };
}
