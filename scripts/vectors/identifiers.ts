import { sha256B64Url } from './fixed.ts';
import { invalid, textCases, valid } from './vector-file.ts';
import type { VectorSubject } from './vector-file.ts';

const label = (length: number): string => 'a'.repeat(length);
/** 253 bytes in all: three labels of 63 and one of 61. */
const LONGEST_DOMAIN = [label(63), label(63), label(63), label(61)].join('.');
const error = { reason: 'not_of_its_form' };

/** Lists names of domains, users, conversations, keys and files. @see docs/protocol.md [ID-1] [ID-2] [ID-3] [KEY-1] [API-9] */
export function identifierVectors(): VectorSubject {
  return {
    subject: 'identifiers',
    notes: {
      Ordinary: 'A text that every implementation accepts.',
      Boundary: 'As short or as long as the rule allows, or one more or less.',
      Case: 'A letter of the other case. Nothing is folded on the wire.',
      Character: 'A character outside the alphabet, blanks and control characters included.',
      Structure: 'Labels, separators or edges that are not as they must be.',
      Address: 'An IP address, a port or a URL where a name must stand.',
      Idn: 'Internationalised names: A-labels only, and no other label with hyphens in places 3 and 4.',
      Version: 'A UUID of another version or variant.',
      Canonical: 'base64url whose unused bits are not zero.',
      Owner: 'What follows the last colon of a conversation id against the domain of the initiator.',
    },
    groups: [
      { type: 'Domain', clause: 'ID-2', tests: domains() },
      { type: 'UserId', clause: 'ID-1', tests: userIds() },
      { type: 'ConversationId', clause: 'ID-3', tests: conversationIds() },
      { type: 'ConversationOwner', clause: 'ID-3', tests: owners() },
      { type: 'MessageId', clause: 'ID-4', tests: messageIds() },
      { type: 'CoreMessageId', clause: 'ID-4', tests: coreMessageIds() },
      { type: 'DerivedMessageId', clause: 'ID-4', tests: derivedMessageIds() },
      { type: 'KeyId', clause: 'KEY-1', tests: keyIds() },
      { type: 'MediaId', clause: 'API-9', tests: mediaIds() },
    ],
  };
}

function domains() {
  return textCases({
    error,
    accepted: [
      ['Ordinary', 'two labels', 'a.test'],
      ['Ordinary', 'three labels', 'chat.example.org'],
      ['Ordinary', 'a label of digits that is not the last', '1.2.3.test'],
      ['Ordinary', 'a last label that ends with a digit', 'a.b2'],
      ['Ordinary', 'a hyphen inside a label', 'my-chat.test'],
      ['Boundary', 'labels of one character', 'a.b'],
      ['Boundary', 'a label of 63 characters', `${label(63)}.test`],
      ['Boundary', '253 bytes in all', LONGEST_DOMAIN],
      ['Idn', 'an A-label', 'xn--bcher-kva.example'],
      ['Idn', 'an A-label in the last place', 'a.xn--p1ai'],
      ['Idn', 'hyphens in places 2 and 3', 'a--b.test'],
      ['Idn', 'hyphens in places 4 and 5', 'abc--d.test'],
    ],
    refused: [
      ['Structure', 'nothing', ''],
      ['Structure', 'one label', 'localhost'],
      ['Structure', 'a trailing dot', 'a.test.'],
      ['Structure', 'a leading dot', '.a.test'],
      ['Structure', 'an empty label', 'a..test'],
      ['Structure', 'a label that begins with a hyphen', '-a.test'],
      ['Structure', 'a label that ends with a hyphen', 'a-.test'],
      ['Structure', 'a last label that begins with a digit', 'a.1test'],
      ['Structure', 'a last label of digits', 'a.42'],
      ['Boundary', 'a label of 64 characters', `${label(64)}.test`],
      ['Boundary', '254 bytes in all', [label(63), label(63), label(63), label(62)].join('.')],
      ['Case', 'a capital letter in the first label', 'A.test'],
      ['Case', 'a capital letter in the last label', 'a.Test'],
      ['Character', 'an underscore', 'a_b.test'],
      ['Character', 'a blank before', ' a.test'],
      ['Character', 'a blank after', 'a.test '],
      ['Character', 'a line feed after', 'a.test\n'],
      ['Character', 'a line feed and a second name', 'a.test\nb.test'],
      ['Character', 'U+0000 after', 'a.test\u0000'],
      ['Character', 'an ideographic full stop between the labels', 'a\u3002test'],
      ['Address', 'an IPv4 address', '127.0.0.1'],
      ['Address', 'an IPv6 address', '::1'],
      ['Address', 'an IPv6 address in brackets', '[2001:db8::1]'],
      ['Address', 'a port', 'a.test:443'],
      ['Address', 'a URL', 'https://a.test'],
      ['Address', 'a slash after', 'a.test/'],
      ['Idn', 'a U-label', 'b\u00fccher.example'],
      ['Idn', 'hyphens in places 3 and 4 without xn', 'ab--c.test'],
      ['Idn', 'hyphens in places 3 and 4 of the last label', 'a.te--st'],
      ['Idn', 'an A-label without content', 'xn--.test'],
      ['Idn', 'a letter that NFKC would turn into ASCII', '\uff41.test'],
    ],
  });
}

function userIds() {
  return textCases({
    error,
    accepted: [
      ['Ordinary', 'a name and a domain', 'alice@a.test'],
      ['Ordinary', 'digits, dot, underscore and hyphen inside', 'a.l_i-c3@a.test'],
      ['Ordinary', 'signs side by side', 'a.-_b@a.test'],
      ['Ordinary', 'a name of digits', '42@a.test'],
      ['Boundary', 'a name of one character', 'a@a.test'],
      ['Boundary', 'a name of 32 characters', `${label(32)}@a.test`],
      ['Boundary', '255 bytes in all', `a@${LONGEST_DOMAIN}`],
    ],
    refused: [
      ['Structure', 'nothing', ''],
      ['Structure', 'a name alone', 'alice'],
      ['Structure', 'a name and an at sign', 'alice@'],
      ['Structure', 'no name', '@a.test'],
      ['Structure', 'two at signs', 'alice@bob@a.test'],
      ['Structure', 'a leading at sign', '@alice@a.test'],
      ['Structure', 'a name that begins with a dot', '.alice@a.test'],
      ['Structure', 'a name that ends with a dot', 'alice.@a.test'],
      ['Structure', 'a name that begins with a hyphen', '-alice@a.test'],
      ['Structure', 'a name that ends with an underscore', 'alice_@a.test'],
      ['Structure', 'a domain of one label', 'alice@localhost'],
      ['Structure', 'a domain with a trailing dot', 'alice@a.test.'],
      ['Boundary', 'a name of 33 characters', `${label(33)}@a.test`],
      ['Boundary', '256 bytes in all', `aa@${LONGEST_DOMAIN}`],
      ['Case', 'a capital letter in the name', 'Alice@a.test'],
      ['Case', 'a capital letter in the domain', 'alice@A.test'],
      ['Character', 'a plus sign', 'alice+1@a.test'],
      ['Character', 'a colon', 'alice:1@a.test'],
      ['Character', 'a blank inside', 'al ice@a.test'],
      ['Character', 'a blank after', 'alice@a.test '],
      ['Character', 'a line feed after', 'alice@a.test\n'],
      ['Character', 'a percent escape', 'alice%40@a.test'],
      ['Character', 'a letter outside ASCII', 'al\u00eece@a.test'],
      ['Character', 'a Cyrillic letter that looks like one of ours', '\u0430lice@a.test'],
      ['Address', 'an IP address as domain', 'alice@127.0.0.1'],
      ['Address', 'a port', 'alice@a.test:443'],
    ],
  });
}

function conversationIds() {
  return textCases({
    error,
    accepted: [
      ['Ordinary', '128 random bits and the owner domain', 'AAECAwQFBgcICQoLDA0ODw:a.test'],
      ['Ordinary', 'without an owner domain', 'c1'],
      ['Ordinary', 'every sign of the alphabet', 'aZ09.-_~:x'],
      ['Boundary', 'one character', 'c'],
      ['Boundary', '276 characters', label(276)],
      ['Structure', 'three dots', '...'],
      ['Structure', 'a colon alone', ':'],
    ],
    refused: [
      ['Structure', 'nothing', ''],
      ['Structure', 'a dot', '.'],
      ['Structure', 'two dots', '..'],
      ['Boundary', '277 characters', label(277)],
      ['Character', 'a slash', 'a/b'],
      ['Character', 'an at sign', 'alice@a.test'],
      ['Character', 'a percent escape', 'a%3Aa.test'],
      ['Character', 'a plus sign', 'a+b'],
      ['Character', 'an equals sign', 'AA==:a.test'],
      ['Character', 'a blank', 'a b'],
      ['Character', 'a line feed after', 'c1\n'],
      ['Character', 'a letter outside ASCII', 'caf\u00e9'],
    ],
  });
}

function owners() {
  const error = { code: 'conversation_owner_mismatch' };
  const founding = (conversationId: string, initiatorId: string) => ({ conversationId, initiatorId });
  return [
    valid('Owner', 'the domain of the initiator', { input: founding('AAECAwQFBgcICQoLDA0ODw:a.test', 'alice@a.test'), expected: { ownerInId: 'a.test' } }),
    valid('Owner', 'only what follows the last colon counts', { input: founding('x:b.test:a.test', 'alice@a.test'), expected: { ownerInId: 'a.test' } }),
    valid('Owner', 'no colon: nothing to compare', { input: founding('c1', 'alice@a.test'), expected: { ownerInId: null } }),
    invalid('Owner', 'another domain', { input: founding('AAECAwQFBgcICQoLDA0ODw:b.test', 'alice@a.test'), error }),
    invalid('Owner', 'the domain of the initiator before the last colon only', { input: founding('x:a.test:b.test', 'alice@a.test'), error }),
    invalid('Owner', 'a subdomain of the domain of the initiator', { input: founding('x:chat.a.test', 'alice@a.test'), error }),
    invalid('Owner', 'a parent of the domain of the initiator', { input: founding('x:a.test', 'alice@chat.a.test'), error }),
    invalid(['Owner', 'Case'], 'the domain of the initiator in capitals', { input: founding('x:A.TEST', 'alice@a.test'), error }),
    invalid('Owner', 'nothing after the last colon', { input: founding('x:', 'alice@a.test'), error }),
    invalid('Owner', 'the domain of the initiator with a trailing dot', { input: founding('x:a.test.', 'alice@a.test'), error }),
  ];
}

function messageIds() {
  return textCases({
    error: { code: 'invalid_body', reason: 'not_of_its_form' },
    accepted: [
      ['Ordinary', 'a UUID of version 7', '01937f3e-0000-7000-8000-000000000000'],
      ['Ordinary', 'a UUID with every digit', '0123abcd-4567-7def-89ab-cdef01234567'],
      ['Boundary', 'variant bits 8', '01937f3e-0000-7fff-8fff-ffffffffffff'],
      ['Boundary', 'variant bits 9', '01937f3e-0000-7fff-9fff-ffffffffffff'],
      ['Boundary', 'variant bits a', '01937f3e-0000-7fff-afff-ffffffffffff'],
      ['Boundary', 'variant bits b', '01937f3e-0000-7fff-bfff-ffffffffffff'],
    ],
    refused: [
      ['Structure', 'nothing', ''],
      ['Version', 'version 4', '01937f3e-0000-4000-8000-000000000000'],
      ['Version', 'version 6', '01937f3e-0000-6000-8000-000000000000'],
      ['Version', 'version 8', '01937f3e-0000-8000-8000-000000000000'],
      ['Version', 'variant bits 7', '01937f3e-0000-7000-7000-000000000000'],
      ['Version', 'variant bits c', '01937f3e-0000-7000-c000-000000000000'],
      ['Version', 'the nil UUID', '00000000-0000-0000-0000-000000000000'],
      ['Case', 'capital letters', '01937F3E-0000-7000-8000-000000000000'],
      ['Structure', 'no hyphens', '01937f3e000070008000000000000000'],
      ['Structure', 'in braces', '{01937f3e-0000-7000-8000-000000000000}'],
      ['Structure', 'as a URN', 'urn:uuid:01937f3e-0000-7000-8000-000000000000'],
      ['Boundary', 'a digit less', '01937f3e-0000-7000-8000-00000000000'],
      ['Boundary', 'a digit more', '01937f3e-0000-7000-8000-0000000000000'],
      ['Character', 'a letter that is no digit', '01937f3g-0000-7000-8000-000000000000'],
      ['Character', 'a line feed after', '01937f3e-0000-7000-8000-000000000000\n'],
      ['Structure', 'the derived id of a Core message, which no body states', 'nl0meO98L-Ex1uRJl5RZXsPyOt1uqr3cuxON8-oA_hg'],
    ],
  });
}

function coreMessageIds() {
  return textCases({
    error,
    accepted: [
      ['Ordinary', 'the id of the worked example', 'nl0meO98L-Ex1uRJl5RZXsPyOt1uqr3cuxON8-oA_hg'],
      ['Boundary', '32 bytes of zero', 'A'.repeat(43)],
      ['Boundary', '32 bytes of 0xff', `${'_'.repeat(42)}8`],
    ],
    refused: [
      ['Boundary', '42 characters', 'A'.repeat(42)],
      ['Boundary', '44 characters', 'A'.repeat(44)],
      ['Canonical', 'unused bits that are not zero', `${'A'.repeat(42)}B`],
      ['Canonical', 'padding', `${'A'.repeat(43)}=`],
      ['Character', 'the alphabet of base64', `${'+'.repeat(42)}A`],
    ],
  });
}

function derivedMessageIds() {
  const derived = (body: { senderId: string; conversationId: string; nonce: string; ciphertext: string }) => ({
    input: body,
    expected: { messageId: sha256B64Url(`${body.senderId}\n${body.conversationId}\n${body.nonce}\n${body.ciphertext}`) },
  });
  const core = { senderId: 'alice@a.test', conversationId: 'AAECAwQFBgcICQoLDA0ODw:a.test', nonce: 'AAAAAAAAAAAAAAAA', ciphertext: 'AA==' };
  return [
    valid('Ordinary', 'the worked example', derived(core)),
    valid('Ordinary', 'another sender', derived({ ...core, senderId: 'alina@a.test' })),
    valid('Ordinary', 'another conversation', derived({ ...core, conversationId: 'c1' })),
    valid('Ordinary', 'another nonce', derived({ ...core, nonce: 'AAAAAAAAAAAAAAAB' })),
    valid('Ordinary', 'another ciphertext', derived({ ...core, ciphertext: 'AQ==' })),
    valid('Ordinary', 'texts as the body has them, a plus and a slash among them', derived({ ...core, ciphertext: '+/+/' })),
  ];
}

function keyIds() {
  return textCases({
    error,
    accepted: [
      ['Ordinary', 'a name', 'example-1'],
      ['Ordinary', 'every kind of sign', 'aZ09_-'],
      ['Boundary', 'one character', '-'],
      ['Boundary', '32 characters', label(32)],
    ],
    refused: [
      ['Structure', 'nothing', ''],
      ['Boundary', '33 characters', label(33)],
      ['Character', 'a dot', 'example.1'],
      ['Character', 'a colon', 'ed25519:1'],
      ['Character', 'a blank', 'example 1'],
      ['Character', 'a quotation mark', 'example"1'],
      ['Character', 'a line feed after', 'example-1\n'],
      ['Character', 'a letter outside ASCII', 'cl\u00e9'],
    ],
  });
}

function mediaIds() {
  return textCases({
    error,
    accepted: [
      ['Ordinary', '22 characters', 'AAECAwQFBgcICQoLDA0ODw'],
      ['Ordinary', 'the two signs of the alphabet', '-_-_-_-_-_-_-_-_-_-_-_'],
    ],
    refused: [
      ['Structure', 'nothing', ''],
      ['Boundary', '21 characters', 'AAECAwQFBgcICQoLDA0OD'],
      ['Boundary', '23 characters', 'AAECAwQFBgcICQoLDA0ODwA'],
      ['Character', 'a plus sign', 'AAECAwQFBgcICQoLDA0OD+'],
      ['Character', 'two dots', '../AAECAwQFBgcICQoLDA0'],
      ['Character', 'a line feed after', 'AAECAwQFBgcICQoLDA0ODw\n'],
    ],
  });
}
