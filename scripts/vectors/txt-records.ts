import { listKeys } from './fixed.ts';
import { SERVER_KEYS } from './signed-exchange.ts';
import { invalid, valid } from './vector-file.ts';
import type { VectorSubject } from './vector-file.ts';

const KEY = SERVER_KEYS['a.test example-1'];
const P = KEY.publicKey;
const RECORD = `v=sc1; k=ed25519; kid=example-1; p=${P}`;

/** Lists TXT records, each as its chunks. @see docs/protocol.md [KEY-4] */
export function txtRecordVectors(): VectorSubject {
  return {
    subject: 'txt-records',
    notes: {
      Ordinary: 'A record that every reader takes.',
      Chunks: 'Records come in chunks of at most 255 bytes, which are joined with nothing between them.',
      Blank: 'Blanks around tags are trimmed.',
      Unknown: 'Tags that this version does not know are ignored.',
      Order: '`v` stands first, the others in any order.',
      Repeated: 'A tag that stands twice.',
      Missing: 'A tag that is not there.',
      Other: 'A record of another kind or version.',
      Value: 'A value that is not of its form.',
      Grammar: 'Semicolons and equals signs.',
    },
    privateTestKeys: listKeys({ 'a.test example-1': KEY }),
    groups: [{ type: 'KeyTxt', clause: 'KEY-4', tests: [...accepted(), ...refused()] }],
  };
}

function accepted() {
  const expected = { kid: 'example-1', publicKey: P };
  const takes = (flag: string, comment: string, ...chunks: readonly string[]) => valid(flag, comment, { input: { chunks }, expected });
  return [
    takes('Ordinary', 'the record as the text has it', RECORD),
    takes('Chunks', 'two chunks, cut inside the key', RECORD.slice(0, 50), RECORD.slice(50)),
    takes('Chunks', 'two chunks, cut before an equals sign', 'v', RECORD.slice(1)),
    takes('Chunks', 'an empty chunk', RECORD.slice(0, 7), '', RECORD.slice(7)),
    takes('Chunks', 'one chunk for each character', ...RECORD),
    takes('Blank', 'no blanks', RECORD.replaceAll(' ', '')),
    takes('Blank', 'blanks before and after each tag', `  v=sc1 ;  k=ed25519 ;   kid=example-1 ; p=${P}  `),
    takes('Grammar', 'a semicolon at the end', `${RECORD};`),
    takes('Grammar', 'a semicolon and a blank at the end', `${RECORD}; `),
    takes('Unknown', 'an unknown tag at the end', `${RECORD}; t=s`),
    takes('Unknown', 'an unknown tag in the middle', `v=sc1; n=a note; k=ed25519; kid=example-1; p=${P}`),
    takes('Unknown', 'a known name in capitals is an unknown tag', `${RECORD}; KID=other`),
    takes('Unknown', 'an unknown tag without value', `${RECORD}; t=`),
    takes('Order', 'the key before its name', `v=sc1; p=${P}; kid=example-1; k=ed25519`),
    valid('Value', 'a kid of 32 characters', { input: { chunks: [RECORD.replace('example-1', 'k'.repeat(32))] }, expected: { ...expected, kid: 'k'.repeat(32) } }),
    valid('Value', 'a kid of one hyphen', { input: { chunks: [RECORD.replace('example-1', '-')] }, expected: { ...expected, kid: '-' } }),
  ];
}

function refused() {
  const skips = (flag: string, comment: string, record: string) => invalid(flag, comment, { input: { chunks: [record] }, error: { reason: 'skipped' } });
  return [
    skips('Other', 'nothing', ''),
    skips('Other', 'a semicolon alone', ';'),
    skips('Other', 'an SPF record', 'v=spf1 -all'),
    skips('Other', 'a DKIM record', `v=DKIM1; k=ed25519; p=${P}`),
    skips('Other', 'another version', RECORD.replace('sc1', 'sc2')),
    skips('Other', 'the version in capitals', RECORD.replace('sc1', 'SC1')),
    skips('Other', 'another kind of key', RECORD.replace('ed25519', 'rsa')),
    skips('Other', 'the kind of key in capitals', RECORD.replace('ed25519', 'Ed25519')),
    skips('Order', 'v in the second place', `k=ed25519; v=sc1; kid=example-1; p=${P}`),
    skips('Order', 'an unknown tag before v', `t=s; ${RECORD}`),
    skips('Missing', 'no v', RECORD.replace('v=sc1; ', '')),
    skips('Missing', 'no k', RECORD.replace('k=ed25519; ', '')),
    skips('Missing', 'no kid', RECORD.replace('kid=example-1; ', '')),
    skips('Missing', 'no p', RECORD.replace(/; p=.*$/, '')),
    skips('Repeated', 'v twice', RECORD.replace('k=', 'v=sc1; k=')),
    skips('Repeated', 'k twice', `${RECORD}; k=ed25519`),
    skips('Repeated', 'kid twice with two values', `${RECORD}; kid=example-2`),
    skips('Repeated', 'p twice', `${RECORD}; p=${P}`),
    skips('Value', 'an empty kid', RECORD.replace('example-1', '')),
    skips('Value', 'a kid of 33 characters', RECORD.replace('example-1', 'k'.repeat(33))),
    skips('Value', 'a kid with a dot', RECORD.replace('example-1', 'example.1')),
    skips('Value', 'a kid in quotation marks', RECORD.replace('example-1', '"example-1"')),
    skips('Value', 'an empty p, which revokes in DKIM', RECORD.replace(P, '')),
    skips('Value', 'a p of 31 bytes', RECORD.replace(P, KEY.publicBytes.subarray(1).toString('base64'))),
    skips('Value', 'a p of 33 bytes', RECORD.replace(P, Buffer.concat([KEY.publicBytes, Buffer.alloc(1)]).toString('base64'))),
    skips('Value', 'a p without padding', RECORD.replace(/=$/, '')),
    skips('Value', 'a p in hexadecimal', RECORD.replace(P, KEY.publicBytes.toString('hex'))),
    skips('Value', 'a p with a blank inside', RECORD.replace(P, `${P.slice(0, 20)} ${P.slice(20)}`)),
    skips('Grammar', 'two semicolons', RECORD.replace(';', ';;')),
    skips('Grammar', 'two semicolons at the end', `${RECORD};;`),
    skips('Grammar', 'a semicolon in front', `;${RECORD}`),
    skips('Grammar', 'a tag without equals sign', `${RECORD}; t`),
    skips('Grammar', 'a tag without name', `${RECORD}; =s`),
    skips('Grammar', 'commas', RECORD.replaceAll(';', ',')),
    skips('Grammar', 'blanks alone', RECORD.replaceAll(';', '')),
    skips('Grammar', 'quotation marks around the record', `"${RECORD}"`),
  ];
}
