import { parseKeyTxt, formatKeyTxt } from '../../../protocol/key-txt.ts';
import { parseRequestTarget, RequestTargetError } from '../../../protocol/request-target.ts';
import { formatSignatureHeader, parseSignatureHeader, SignatureHeaderError } from '../../../protocol/signature-header.ts';
import { createCampaign } from '../support/campaign.ts';
import { mustEqual, refusedBy } from '../support/faults.ts';
import { mutateText, swellText } from '../support/mutate.ts';
import type { Random } from '../support/random.ts';
import { makeKeyTxt, makeRequestTarget, makeSignatureHeader } from '../support/valid-texts.ts';

const LONGEST_HEADER = 16_384; // Node's bound for all headers of a request
const LONGEST_TXT = 65_000; // what one DNS message can hold

/** Makes inputs of a kind: valid ones, changed ones, and now and then one as long as can be. */
function generateText(make: (random: Random) => string, longest: number): (random: Random) => string {
  return (random) => {
    const text = make(random);
    if (random.once(2_000)) return swellText(random, text, longest);
    return random.once(4) ? text : mutateText(random, text, [make(random)]);
  };
}

/** Signature headers: what is accepted is written and read again, and splits at its commas into the same six. @see docs/protocol.md [SIG-1] */
export const signatureHeaders = createCampaign({
  name: 'signature headers',
  cases: 200_000,
  generate: generateText(makeSignatureHeader, LONGEST_HEADER),
  parse: (text) => refusedBy([SignatureHeaderError], () => parseSignatureHeader(text)),
  confirm(text, value) {
    mustEqual(parseSignatureHeader(formatSignatureHeader(value)), value, 'the header read again');
    const split = Object.fromEntries(text.split(/, */).map((piece) => [piece.slice(0, piece.indexOf('=')), piece.slice(piece.indexOf('=') + 1)]));
    const { created, signature, ...texts } = value;
    const expected = { ...texts, created: String(created).padStart(10, '0'), signature: Buffer.from(signature).toString('base64') };
    mustEqual(split, Object.fromEntries(Object.entries(expected).map(([name, member]) => [name, `"${member}"`])), 'the header split at its commas');
  },
});

/** Request-targets: what is accepted is what a URL parser leaves as it is, and what its segments join to. @see docs/protocol.md [SIG-3] */
export const requestTargets = createCampaign({
  name: 'request-targets',
  cases: 200_000,
  generate: generateText(makeRequestTarget, LONGEST_HEADER),
  parse: (text) => refusedBy([RequestTargetError], () => parseRequestTarget(text)),
  confirm(text, { segments }) {
    mustEqual(`/${segments.join('/')}`, text, 'the target joined again');
    const { pathname, search, hash } = new URL(text.startsWith('//') ? `https://a.test/.${text}` : `https://a.test${text}`);
    mustEqual([pathname, search, hash], [text, '', ''], 'the target as a URL');
    mustEqual(decodeURIComponent(text), text, 'the target decoded');
  },
});

/** Key records: what is accepted is written and read again to the same, and holds a key of 32 bytes. @see docs/protocol.md [KEY-4] */
export const keyRecords = createCampaign({
  name: 'TXT records',
  cases: 120_000,
  generate: generateText(makeKeyTxt, LONGEST_TXT),
  parse: (text) => parseKeyTxt(text),
  confirm(text, value) {
    mustEqual(parseKeyTxt(formatKeyTxt(value)), value, 'the record read again');
    mustEqual(Buffer.from(Buffer.from(value.publicKey, 'base64')).toString('base64'), value.publicKey, 'the key');
    mustEqual([Buffer.from(value.publicKey, 'base64').length, text.includes(value.publicKey), text.includes(value.kid)], [32, true, true], 'the record');
  },
});
