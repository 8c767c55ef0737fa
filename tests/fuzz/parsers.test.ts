import { afterAll, describe, expect, test } from 'vitest';
import { dnsPackets } from './campaigns/dns-campaign.ts';
import { jsonBodies, jsonTexts } from './campaigns/json-campaigns.ts';
import { keyDocuments } from './campaigns/key-document-campaign.ts';
import { keyRecords, requestTargets, signatureHeaders } from './campaigns/text-campaigns.ts';
import { base64, identifiers, timestamps } from './campaigns/value-campaigns.ts';
import type { Tally } from './support/campaign.ts';
import { readSeed } from './support/seed.ts';

const CASES_IN_ALL = 1_000_000;
/** A campaign of which nearly everything is accepted, or refused, says little. */
const LEAST_SHARE = 0.01;
const TIMEOUT_MS = 300_000;

const seed = readSeed(process.env['SECURECHAT_FUZZ_SEED']);
const tallies = new Map<string, Tally>();

describe(`fuzzing with SECURECHAT_FUZZ_SEED=${seed}`, () => {
  test.each([
    ['[SIG-1]', signatureHeaders.name, signatureHeaders],
    ['[SIG-3]', requestTargets.name, requestTargets],
    ['[SIG-12]', jsonTexts.name, jsonTexts],
    ['[API-2] [API-3] [API-4]', jsonBodies.name, jsonBodies],
    ['[DISC-3]', dnsPackets.name, dnsPackets],
    ['[KEY-2] [KEY-3]', keyDocuments.name, keyDocuments],
    ['[KEY-4]', keyRecords.name, keyRecords],
    ['[ID-1] [ID-2] [ID-3] [ID-4]', identifiers.name, identifiers],
    ['[ID-5]', timestamps.name, timestamps],
    ['[API-2]', base64.name, base64],
  ])('%s %s bring the parser neither down nor to a halt, nor to accept what a second one refuses', (_clauses, _name, campaign) => {
    const tally = campaign.run(seed);
    tallies.set(campaign.name, tally);
    expect(tally.accepted / tally.cases).toBeGreaterThan(LEAST_SHARE);
    expect(tally.refused / tally.cases).toBeGreaterThan(LEAST_SHARE);
  }, TIMEOUT_MS);

  test('there are a million cases in all', () => {
    const cases = [...tallies.values()].reduce((sum, tally) => sum + tally.cases, 0);
    expect(cases).toBeGreaterThanOrEqual(CASES_IN_ALL);
  });
});

afterAll(() => {
  process.stdout.write(`fuzz: SECURECHAT_FUZZ_SEED=${seed}\n`);
  for (const [name, { cases, accepted, refused, slowestMs }] of tallies) {
    process.stdout.write(`fuzz: ${name}: ${cases} cases, ${accepted} accepted, ${refused} refused, the slowest ${slowestMs.toFixed(1)} ms\n`);
  }
});
