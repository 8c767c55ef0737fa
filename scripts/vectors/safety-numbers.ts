import { createHash } from 'node:crypto';
import type { JsonObject } from '../../protocol/json.ts';
import { lines, listKeys } from './fixed.ts';
import { keysOf, person } from './people.ts';
import type { Person } from './people.ts';
import { invalid, valid } from './vector-file.ts';
import type { VectorSubject } from './vector-file.ts';

const [alice, bob, alice2, albert] = [person('alice@a.test'), person('bob@b.test'), person('alice@a.test', 2), person('al@a.test')];
const ROUNDS = 5_200;

/** Lists safety numbers of two identities. @see docs/protocol.md [E2E-10] */
export function safetyNumberVectors(): VectorSubject {
  return {
    subject: 'safety-numbers',
    notes: {
      Ordinary: 'The number of two people, whoever computes it.',
      Order: 'The halves stand in the UTF-8 byte order of the user ids.',
      KeyChange: 'The number of other keys is not that of these.',
      Construction: 'A number that is computed in another way.',
      Form: 'Digits that are not of the form.',
    },
    privateTestKeys: listKeys(keysOf(alice, bob, alice2, albert)),
    groups: [{ type: 'SafetyNumber', clause: 'E2E-10', tests: [...matching(), ...differing()] }],
  };
}

const textOf = ({ userId, box, signing }: Person, label = 'securechat-safety-v1'): string => lines(label, userId, box.publicKey, signing.publicKey);
const partyOf = ({ userId, box, signing }: Person): JsonObject => ({ userId, publicKey: box.publicKey, signingKey: signing.publicKey });

/** Iterates by hand; `again` says what follows the digest in each later round. */
function half(text: string, { rounds = ROUNDS, again = true }: { rounds?: number; again?: boolean } = {}): string {
  let digest = createHash('sha512').update(text).digest();
  for (let round = 2; round <= rounds; round += 1) {
    const next = createHash('sha512').update(digest);
    digest = (again ? next.update(text) : next).digest();
  }
  return [0, 5, 10, 15, 20, 25].map((at) => String(digest.readUIntBE(at, 5) % 100_000).padStart(5, '0')).join('');
}

const [aliceHalf, bobHalf] = [half(textOf(alice)), half(textOf(bob))];

function matching() {
  const matches = (flag: string, comment: string, rest: { people: readonly [Person, Person]; safetyNumber: string }) =>
    valid(flag, comment, { input: { parties: rest.people.map(partyOf), safetyNumber: rest.safetyNumber }, expected: { texts: rest.people.map((one) => textOf(one)) } });
  return [
    matches('Ordinary', 'two people', { people: [alice, bob], safetyNumber: aliceHalf + bobHalf }),
    matches('Ordinary', 'the same two, computed by the other', { people: [bob, alice], safetyNumber: aliceHalf + bobHalf }),
    matches('Ordinary', 'a later version of keys', { people: [alice2, bob], safetyNumber: half(textOf(alice2)) + bobHalf }),
    matches('Order', 'ids of which one ends where the at sign of the other is not', { people: [alice, albert], safetyNumber: half(textOf(albert)) + aliceHalf }),
  ];
}

function differing() {
  const differs = (flag: string, comment: string, safetyNumber: string) =>
    invalid(flag, comment, { input: { parties: [partyOf(alice), partyOf(bob)], safetyNumber }, error: { reason: 'mismatch' } });
  const both = (change: (one: Person) => string): string => change(alice) + change(bob);
  const swapped = ({ userId, box, signing }: Person): string => lines('securechat-safety-v1', userId, signing.publicKey, box.publicKey);
  return [
    differs('KeyChange', 'another version of one of the two', half(textOf(alice2)) + bobHalf),
    differs('KeyChange', 'another signing key of one of the two', half(textOf({ ...alice, signing: alice2.signing })) + bobHalf),
    differs('Order', 'the halves the other way round', bobHalf + aliceHalf),
    differs('Construction', 'one round', both((one) => half(textOf(one), { rounds: 1 }))),
    differs('Construction', '5199 rounds', both((one) => half(textOf(one), { rounds: ROUNDS - 1 }))),
    differs('Construction', '5201 rounds', both((one) => half(textOf(one), { rounds: ROUNDS + 1 }))),
    differs('Construction', 'only the digest in each later round', both((one) => half(textOf(one), { again: false }))),
    differs('Construction', 'a line feed at the end', both((one) => half(`${textOf(one)}\n`))),
    differs('Construction', 'the keys the other way round', both((one) => half(swapped(one)))),
    differs('Construction', 'another label', both((one) => half(textOf(one, 'securechat-safety-v2')))),
    differs('Form', 'blanks between the groups', (aliceHalf + bobHalf).replaceAll(/(.{5})(?!$)/g, '$1 ')),
    differs('Form', 'one half', aliceHalf),
    differs('Form', 'another last digit', `${aliceHalf}${bobHalf.slice(0, -1)}${(Number(bobHalf.at(-1)) + 1) % 10}`),
  ];
}
