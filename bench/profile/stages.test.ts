import { expect, test } from 'vitest';
import { stageOf } from './stages.ts';
import { summarizeProfile } from './summarize-profile.ts';

const frame = (url: string, functionName = 'f') => ({ url, functionName });
const pg = frame('file:///p/node_modules/pg/lib/client.js');
const socket = frame('node:net');
const handler = frame('file:///p/server/http/web-listener.ts');
const verify = frame('file:///p/server/federation/keys/strict-ed25519.ts');

test.each([
  ['the innermost part of ours counts', [verify, handler], 'verification'],
  ['Node works for whoever calls it', [socket, pg, handler], 'database'],
  ['Node alone stands for its own work', [frame('node:_http_incoming'), socket], 'tls_and_http'],
  ['native code belongs to its caller', [frame('', 'parse'), frame('file:///p/protocol/json.ts')], 'json_and_schema'],
  ['collecting garbage is nobody’s', [frame('', '(garbage collector)'), pg], 'garbage_collection'],
  ['what nothing is known of', [frame('file:///p/somewhere.ts')], 'other'],
])('%s', (_, stack, stage) => {
  expect(stageOf(stack)).toBe(stage);
});

test('a profile is summed up for each message, without the idle time', () => {
  const node = (id: number, place: { url: string; functionName: string }, children: number[] = []) => ({ id, callFrame: { ...place, lineNumber: 4 }, children });
  const summary = summarizeProfile(
    {
      nodes: [node(1, frame('', '(root)'), [2, 4]), node(2, handler, [3]), node(3, verify), node(4, frame('', '(idle)'))],
      startTime: 0, endTime: 1_000, samples: [3, 2, 3, 4], timeDeltas: [300, 100, 200, 400],
    },
    10,
  );
  expect(summary.busyShare).toBe(0.6);
  expect(summary.usPerMessageByStage).toEqual({ verification: 50, tls_and_http: 10 });
  expect(summary.topFunctions[0]).toEqual({ name: 'f server/federation/keys/strict-ed25519.ts:5', usPerMessage: 50 });
});
