import { invalid, valid } from './vector-file.ts';
import type { VectorSubject } from './vector-file.ts';

const ACCEPTED: readonly (readonly [flag: string, comment: string, target: string])[] = [
  ['Endpoint', 'a message', '/federation/v1/messages'],
  ['Endpoint', 'a public key', '/federation/v1/users/alice@a.test/public_key'],
  ['Endpoint', 'a session key', '/federation/v1/conversations/AAECAwQFBgcICQoLDA0ODw:a.test/session_key'],
  ['Endpoint', 'a conversation id of signs', '/federation/v1/conversations/~-_.:/session_key'],
  ['Endpoint', 'a file', '/federation/v1/media/AAECAwQFBgcICQoLDA0ODw'],
  ['Segment', 'one segment', '/a'],
  ['Segment', 'every character that a segment may have', '/ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~@:'],
  ['DotSegment', 'three dots', '/...'],
  ['DotSegment', 'a segment that begins with a dot', '/.well-known'],
  ['DotSegment', 'a segment that begins with two dots', '/..a/b'],
  ['DotSegment', 'a segment that ends with two dots', '/a../b'],
];

const REFUSED: readonly (readonly [flag: string, comment: string, target: string])[] = [
  ['Segment', 'nothing', ''],
  ['Segment', 'a slash alone', '/'],
  ['Segment', 'no slash in front', 'federation/v1/messages'],
  ['Segment', 'a slash at the end', '/federation/v1/messages/'],
  ['Segment', 'two slashes in front', '//federation/v1/messages'],
  ['Segment', 'two slashes inside', '/federation//v1/messages'],
  ['Segment', 'two slashes at the end', '/federation/v1/messages//'],
  ['DotSegment', 'a dot', '/federation/./v1/messages'],
  ['DotSegment', 'two dots', '/federation/v1/../v1/messages'],
  ['DotSegment', 'a dot at the end', '/federation/v1/messages/.'],
  ['DotSegment', 'two dots at the end', '/federation/v1/messages/..'],
  ['DotSegment', 'two dots in front', '/../federation/v1/messages'],
  ['Percent', 'an escaped at sign', '/federation/v1/users/alice%40a.test/public_key'],
  ['Percent', 'an escaped colon', '/federation/v1/conversations/x%3Aa.test/session_key'],
  ['Percent', 'an escaped letter', '/federation/v1/%6dessages'],
  ['Percent', 'an escaped slash', '/federation/v1/users/alice@a.test%2Fpublic_key'],
  ['Percent', 'escaped dots', '/federation/v1/%2e%2e/v1/messages'],
  ['Percent', 'a percent sign twice', '/federation/v1/%256dessages'],
  ['Percent', 'a percent sign alone', '/federation/v1/messages%'],
  ['Percent', 'U+0000 escaped', '/federation/v1/messages%00'],
  ['Query', 'a query', '/federation/v1/messages?a=1'],
  ['Query', 'an empty query', '/federation/v1/messages?'],
  ['Query', 'a query in front', '?/federation/v1/messages'],
  ['Query', 'a fragment', '/federation/v1/messages#a'],
  ['Query', 'an empty fragment', '/federation/v1/messages#'],
  ['Form', 'the absolute form', 'https://b.test/federation/v1/messages'],
  ['Form', 'the authority form', 'b.test:443'],
  ['Form', 'the asterisk form', '*'],
  ['Form', 'a network path', '//b.test/federation/v1/messages'],
  ['Character', 'a parameter', '/federation/v1/messages;v=1'],
  ['Character', 'a plus sign', '/federation/v1/a+b'],
  ['Character', 'a comma', '/federation/v1/a,b'],
  ['Character', 'an equals sign', '/federation/v1/a=b'],
  ['Character', 'an asterisk inside', '/federation/v1/*'],
  ['Character', 'an exclamation mark', '/federation/v1/a!'],
  ['Character', 'a dollar sign', '/federation/v1/$a'],
  ['Character', 'brackets', '/federation/v1/(a)'],
  ['Character', 'an apostrophe', "/federation/v1/a'b"],
  ['Character', 'a backslash', '/federation\\v1\\messages'],
  ['Character', 'a backslash as separator of two dots', '/federation/v1/..\\messages'],
  ['Character', 'a blank', '/federation/v1/a b'],
  ['Character', 'a blank at the end', '/federation/v1/messages '],
  ['Character', 'a tab', '/federation/v1/messages\t'],
  ['Character', 'a line feed at the end', '/federation/v1/messages\n'],
  ['Character', 'a carriage return and a line feed inside', '/federation/v1/messages\r\nX-A: 1'],
  ['Character', 'U+0000', '/federation/v1/messages\u0000'],
  ['Character', 'DEL', '/federation/v1/messages\u007f'],
  ['Character', 'a letter outside ASCII, as UTF-8', '/federation/v1/caf\u00e9'],
  ['Character', 'a full-width slash, as UTF-8', '/federation\uff0fv1'],
];

/** Lists targets of request lines, as they are before anyone decodes or tidies them. @see docs/protocol.md [SIG-3] */
export function requestTargetVectors(): VectorSubject {
  const error = { code: 'bad_request_target' };
  return {
    subject: 'request-targets',
    notes: {
      Endpoint: 'The target of an endpoint of this protocol.',
      Segment: 'How many slashes and segments there are.',
      DotSegment: 'Segments of dots, which many servers and proxies resolve.',
      Percent: 'A percent sign, which many servers and proxies decode.',
      Query: 'A query or a fragment. No endpoint takes one.',
      Form: 'Another form of target that HTTP knows.',
      Character: 'A character that no segment has. `text` stands for its UTF-8 bytes.',
    },
    groups: [
      {
        type: 'RequestTarget',
        clause: 'SIG-3',
        tests: [
          ...ACCEPTED.map(([flag, comment, text]) => valid(flag, comment, { input: { text }, expected: { segments: text.slice(1).split('/') } })),
          ...REFUSED.map(([flag, comment, text]) => invalid(flag, comment, { input: { text }, error })),
        ],
      },
    ],
  };
}
