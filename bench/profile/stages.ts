/** A function of a profile: where its code is, and its name. */
export interface Frame {
  readonly functionName: string;
  readonly url: string;
}

/** What a server does for a message, as far as a sampled stack can tell it. */
type Stage =
  | 'tls_and_http' | 'verification' | 'signing' | 'json_and_schema' | 'database' | 'notify' | 'trpc' | 'session' | 'logging'
  | 'domain' | 'outbound' | 'runtime' | 'garbage_collection' | 'other';

/** The first that fits counts. */
const OWN: readonly (readonly [RegExp, Stage])[] = [
  [/\/node_modules\/(?:pg|pg-[a-z]+|postgres-[a-z]+|@prisma\/[^/]+)\/|\/server\/persistence\//, 'database'],
  [/\/strict-ed25519|\/authenticate-request|\/replay-guard|\/protocol\/(?:canonical-string|signature-header)/, 'verification'],
  [/\/sign-answer|\/sign-request|\/signing-key/, 'signing'],
  [/\/node_modules\/zod\/|\/protocol\/(?:json|schemas|same-content|base64|ids|timestamp|byte-collector)/, 'json_and_schema'],
  [/\/node_modules\/(?:socket\.io|engine\.io|ws)[^/]*\/|\/server\/realtime\//, 'notify'],
  [/\/node_modules\/@trpc\/|\/server\/trpc\//, 'trpc'],
  [/\/node_modules\/(?:next-auth|jose|@panva)[^/]*\/|\/server\/auth\/|auth-sessions/, 'session'],
  [/\/node_modules\/(?:pino|sonic-boom|thread-stream|safe-stable-stringify)[^/]*\//, 'logging'],
  [/\/server\/federation\/(?:outbound|discovery)\//, 'outbound'],
  [/\/server\/domain\//, 'domain'],
  [/\/server\/(?:http|start-server|federation\/inbound)/, 'tls_and_http'],
];

/** Code of Node itself serves whoever calls it; only where nobody of ours does, it says what is done. */
const PLATFORM: readonly (readonly [RegExp, Stage])[] = [
  [/^node:(?:_http|internal\/http|https?$|_tls|tls|internal\/tls|net$|internal\/(?:net|stream|js_stream)|_stream|internal\/undici)/, 'tls_and_http'],
  [/^node:internal\/crypto\/(?:sig|keys)/, 'verification'],
  [/^node:/, 'runtime'],
];

/** Says what a stack (innermost frame first) works for: the innermost part of the product or its packages that is on it. */
export function stageOf(stack: readonly Frame[]): Stage {
  const [leaf] = stack;
  if (leaf?.functionName === '(garbage collector)') return 'garbage_collection';
  if (leaf?.functionName === '(program)') return 'runtime';
  return find(stack, OWN) ?? find(stack, PLATFORM) ?? 'other';
}

function find(stack: readonly Frame[], rules: readonly (readonly [RegExp, Stage])[]): Stage | null {
  for (const { url } of stack) {
    const rule = url === '' ? undefined : rules.find(([pattern]) => pattern.test(url));
    if (rule !== undefined) return rule[1];
  }
  return null;
}
