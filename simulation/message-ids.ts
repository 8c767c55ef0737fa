const MESSAGE_ID = /"messageId":"([0-9a-f-]{36})"/g;

/** Gives the ids of the messages that the text of a body names. */
export function messageIdsIn(body: Uint8Array | 'too_large' | undefined): ReadonlySet<string> {
  if (body === undefined || body === 'too_large') return new Set();
  return new Set([...Buffer.from(body).toString('utf8').matchAll(MESSAGE_ID)].map(([, id = '']) => id));
}
