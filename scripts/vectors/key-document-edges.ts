import type { JsonValue } from '../../protocol/json.ts';
import { accepts, FIRST, listed, malformed, MEMBERS, one, refuses, signedBy } from './signed-documents.ts';

/** Drafts documents with a key that nobody may use. @see docs/protocol.md [KEY-3] */
export function weakKeys() {
  const hexes: readonly (readonly [comment: string, hex: string])[] = [
    ['the neutral point', `01${'00'.repeat(31)}`],
    ['a point of order 2', `ec${'ff'.repeat(30)}7f`],
    ['a point of order 4', '00'.repeat(32)],
    ['a point of order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['a y that is not canonical', `f0${'ff'.repeat(30)}7f`],
    ['every bit set', 'ff'.repeat(32)],
  ];
  return hexes.map(([comment, hex]) => {
    const weak = Buffer.from(hex, 'hex').toString('base64');
    const document = signedBy({ ...MEMBERS, keys: [listed('example-1', FIRST), { kid: 'weak', publicKey: weak }] }, { 'example-1': FIRST, weak: FIRST });
    return refuses('WeakKey', `a second key that is ${comment}`, { reason: 'weak_key', document });
  });
}

/** Drafts documents with entries of `endpoints`. @see docs/protocol.md [KEY-2] */
export function endpoints() {
  const accepts1 = (comment: string, entry: string) => accepts('Endpoints', comment, one({ endpoints: [entry] }));
  const refuses1 = (comment: string, entry: JsonValue) => malformed('Endpoints', comment, one({ endpoints: [entry] }));
  return [
    accepts1('port 1', 's2s.a.test:1'),
    accepts1('port 65535', 's2s.a.test:65535'),
    accepts1('capital letters', 'S2S.A.test:8448'),
    accepts1('a host of 253 characters', `${'a'.repeat(253)}:8448`),
    accepts('Endpoints', 'none', one({ endpoints: [] })),
    accepts('Endpoints', 'three, in order', one({ endpoints: ['c.a.test:1', 'b.a.test:2', 'a.a.test:3'] })),
    refuses1('no port', 's2s.a.test'),
    refuses1('an empty port', 's2s.a.test:'),
    refuses1('port 0', 's2s.a.test:0'),
    refuses1('port 65536', 's2s.a.test:65536'),
    refuses1('a port with a zero in front', 's2s.a.test:08448'),
    refuses1('a port in letters', 's2s.a.test:https'),
    refuses1('no host', ':8448'),
    refuses1('a host of 254 characters', `${'a'.repeat(254)}:8448`),
    refuses1('an underscore', 's2s_1.a.test:8448'),
    refuses1('an IPv6 address', '[2001:db8::1]:8448'),
    refuses1('a URL', 'https://s2s.a.test:8448'),
    refuses1('a blank', ' s2s.a.test:8448'),
    refuses1('a line feed after', 's2s.a.test:8448\n'),
    refuses1('a number', 8448),
    malformed('Endpoints', 'one malformed among good ones', one({ endpoints: ['a.a.test:1', 'b.a.test', 'c.a.test:3'] })),
    malformed('Endpoints', 'a text', one({ endpoints: 's2s.a.test:8448' })),
    malformed('Endpoints', 'null', one({ endpoints: null })),
  ];
}

/** Drafts what is no strict JSON. @see docs/protocol.md [SIG-12] */
export function json() {
  const text = JSON.stringify(one());
  return [
    malformed('Json', 'nothing', ''),
    malformed('Json', 'a page', '<html></html>'),
    malformed('Json', 'a list', `[${text}]`),
    malformed('Json', 'null', 'null'),
    malformed('Json', 'a byte order mark', `\ufeff${text}`),
    malformed('Json', 'a comma after the last member', text.replace(/\}$/, ',}')),
    malformed('Json', 'a member twice', text.replace('{', '{"domain":"b.test",')),
    malformed('Json', 'a member twice, once escaped', text.replace('{', '{"d\\u006fmain":"b.test",')),
    malformed('Json', 'half of a surrogate pair in an unknown member', text.replace('{', '{"later":"\\ud83d",')),
    malformed('Json', '17 arrays and objects open at once', text.replace('{', `{"later":${'['.repeat(16)}${']'.repeat(16)},`)),
  ];
}
