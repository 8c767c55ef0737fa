import * as z from 'zod';

/** Reads the body of `POST /hello`, an object whose members say nothing yet. @see docs/protocol.md [API-9] */
export const helloBody = z.object({});
