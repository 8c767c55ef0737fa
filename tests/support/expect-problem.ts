import { expect } from 'vitest';
import { z } from 'zod';
import { ERROR_REGISTRY } from '../../protocol/errors.ts';
import type { ErrorCode } from '../../protocol/errors.ts';

const problemShape = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  requestId: z.string().regex(/^[A-Za-z0-9-]{16,64}$/),
  retryAfterSeconds: z.int().optional(),
  serverTime: z.iso.datetime({ precision: 3 }).optional(),
  pointer: z.string().optional(),
  currentEpoch: z.int().optional(),
});

/** Is a refusal as it came over the wire. */
interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Asserts that an answer is the registered refusal of a code in its full form, and gives its document. @see docs/protocol.md [ERR-1] */
export function expectProblem(answer: Refusal, code: ErrorCode): z.infer<typeof problemShape> {
  const { status, title, detail } = ERROR_REGISTRY[code];
  expect.soft({ status: answer.status, code: readCode(answer.body) }).toEqual({ status, code });
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.headers['cache-control']).toBe('no-store');
  const document = problemShape.parse(JSON.parse(answer.body));
  expect(document).toMatchObject({ type: `urn:securechat:error:${code}`, title, status, detail, code });
  return document;
}

function readCode(body: string): unknown {
  try {
    return JSON.parse(body).code;
  } catch {
    return body;
  }
}
