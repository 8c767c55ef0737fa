import { describe, expect, test } from 'vitest';
import { decodeBase64, encodeBase64 } from '../../protocol/base64.ts';
import { parseTimestamp, TimestampError } from '../../protocol/timestamp.ts';
import { createCampaign, FuzzFault, MAX_CASE_MS } from './support/campaign.ts';
import type { Campaign, Clocks } from './support/campaign.ts';
import { mustBeSameJson, mustEqual, refusedBy } from './support/faults.ts';
import { mutateBytes, mutateText, swellText } from './support/mutate.ts';
import { createRandom } from './support/random.ts';
import { readSeed } from './support/seed.ts';
import { makeBase64, makeTimestamp } from './support/valid-texts.ts';

/** A campaign over timestamps with a parser of the test's own. */
function campaignOf(parse: (text: string) => string | null, confirm: (text: string) => void = () => undefined): Campaign {
  return createCampaign<string, string>({
    name: 'planted',
    cases: 20_000,
    generate(random) {
      const text = makeTimestamp(random);
      return random.once(2) ? text : mutateText(random, text, [makeTimestamp(random)]);
    },
    parse,
    confirm,
  });
}

const readTimestamp = (text: string): string | null => refusedBy([TimestampError], () => parseTimestamp(text));

/** Clocks of which each call of a parser takes what a list says, the last for ever after. */
function clocksThatSay(wall: number, work: readonly number[]): Clocks {
  let [now, calls, worked] = [0, 0, 0];
  const next = (): number => work[Math.min(worked++, work.length - 1)] ?? 0;
  return {
    wallMs: () => (calls++ % 2 === 0 ? now : (now += wall)),
    workMs: () => (calls++ % 2 === 0 ? now : (now += next())),
  };
}

describe('the fuzzer', () => {
  test('finds nothing wrong with a parser that is right', () => {
    const tally = campaignOf(readTimestamp, (text) => mustEqual(new Date(text).toISOString(), text, 'the instant')).run(1);
    expect(tally).toMatchObject({ cases: 20_000, accepted: expect.any(Number), refused: expect.any(Number) });
    expect(tally.accepted + tally.refused).toBe(20_000);
    expect(Math.min(tally.accepted, tally.refused)).toBeGreaterThan(1_000);
  });

  test('notices a parser that throws something of its runtime, and says for which input', () => {
    const parse = (text: string): string | null => refusedBy([TimestampError], () => new Date(text).toISOString());
    expect(() => campaignOf(parse).run(1)).toThrow(/^planted, seed 1, case \d+: Invalid time value\ninput: "/);
  });

  test('notices a parser that accepts what a second parse refuses', () => {
    const shape = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
    expect(() => campaignOf((text) => (shape.test(text) ? text : null), (text) => parseTimestamp(text)).run(1)).toThrow(FuzzFault);
  });

  test('notices base64 that is accepted with bits left over', () => {
    const lax = createCampaign<string, Uint8Array>({
      name: 'planted',
      cases: 20_000,
      generate: (random) => mutateText(random, makeBase64(random, random.below(9)), [makeBase64(random, 8)]),
      parse: (text) => (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text) ? Buffer.from(text, 'base64') : null),
      confirm: (text, bytes) => mustEqual(decodeBase64(text).length === bytes.length && encodeBase64(bytes), text, 'the text encoded again'),
    });
    expect(() => lax.run(1)).toThrow(FuzzFault);
  });

  test('notices a parser that looks for the end of blanks at each of them', () => {
    const slow = createCampaign<string, string>({
      name: 'planted',
      cases: 2_000,
      generate: (random) => swellText(random, 'v=sc1; k', random.once(4) ? 60_000 : 10),
      parse: (text) => text.replaceAll(/^[ \t]+|[ \t]+$/g, ''),
      confirm: () => undefined,
    });
    expect(() => slow.run(1)).toThrow(/took \d+ ms/);
  });

  test('notices a case that takes longer than it may each of four times', () => {
    expect(() => campaignOf(readTimestamp).run(1, clocksThatSay(MAX_CASE_MS + 1, [MAX_CASE_MS + 1]))).toThrow(`case 0: took ${MAX_CASE_MS + 1} ms`);
  });

  test('does not mind a case that was only waiting, nor one that takes just as long as it may', () => {
    expect(campaignOf(readTimestamp).run(1, clocksThatSay(MAX_CASE_MS + 1, [MAX_CASE_MS + 1, MAX_CASE_MS + 1, 2])).slowestMs).toBe(2);
    expect(campaignOf(readTimestamp).run(1, clocksThatSay(MAX_CASE_MS, [])).slowestMs).toBe(MAX_CASE_MS);
  });

  test('notices that something is refused which should not be', () => {
    const options = { name: 'planted', cases: 10, generate: () => 'x', confirm: () => undefined, confirmRefused: () => mustEqual(1, 2, 'the verdict') };
    expect(() => createCampaign({ ...options, parse: () => null }).run(1)).toThrow('the verdict differs');
  });

  test('makes the same cases of the same seed, others of another', () => {
    const casesOf = (seed: number): string[] => {
      const seen: string[] = [];
      campaignOf((text) => (seen.push(text), null)).run(seed);
      return seen;
    };
    expect(casesOf(7)).toEqual(casesOf(7));
    expect(casesOf(7)).not.toEqual(casesOf(8));
  });
});

describe('its parts', () => {
  test.each([[undefined, 20_261_118], ['', 20_261_118], ['0', 0], ['4294967295', 2 ** 32 - 1]])('the seed %j is %i', (text, seed) => {
    expect(readSeed(text)).toBe(seed);
  });

  test.each(['-1', '1.5', '4294967296', 'x'])('the seed %j is refused', (text) => {
    expect(() => readSeed(text)).toThrow('SECURECHAT_FUZZ_SEED');
  });

  test('changes of texts and bytes leave few as they were', () => {
    const random = createRandom(1);
    const texts = Array.from({ length: 1_000 }, () => mutateText(random, 'v=sc1; k=ed25519', ['kid=k1']));
    const bytes = Array.from({ length: 1_000 }, () => Buffer.from(mutateBytes(random, Buffer.from('v=sc1; k=ed25519'), [Buffer.from('kid=k1')])).toString('hex'));
    expect(new Set(texts).size).toBeGreaterThan(600);
    expect(new Set(bytes).size).toBeGreaterThan(600);
  });

  test.each([['-0', '0'], ['{"a":1}', '{"a":2}'], ['{"a":1}', '{"b":1}'], ['[]', '{}'], ['{"__proto__":1}', '{"__proto__":2}'], ['{"a":null}', '{}']])('%s is not the same as %s', (left, right) => {
    expect(() => mustBeSameJson(JSON.parse(left), JSON.parse(right), 'it')).toThrow('it differs');
    expect(() => mustBeSameJson(JSON.parse(left), JSON.parse(left), 'it')).not.toThrow();
  });
});
