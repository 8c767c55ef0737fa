import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answerVectors } from './vectors/answers.ts';
import { base64Vectors } from './vectors/base64.ts';
import { contentVectors } from './vectors/content.ts';
import { identifierVectors } from './vectors/identifiers.ts';
import { identityVectors } from './vectors/identities.ts';
import { jcsVectors } from './vectors/jcs.ts';
import { keyDocumentVectors } from './vectors/key-documents.ts';
import { leaveVectors } from './vectors/leaves.ts';
import { membershipVectors } from './vectors/membership.ts';
import { messageVectors } from './vectors/messages.ts';
import { prettyJson } from './vectors/pretty-json.ts';
import { changeBodyVectors, messageBodyVectors, otherBodyVectors } from './vectors/request-bodies.ts';
import { requestTargetVectors } from './vectors/request-targets.ts';
import { requestVectors } from './vectors/requests.ts';
import { safetyNumberVectors } from './vectors/safety-numbers.ts';
import { sameContentVectors } from './vectors/same-content.ts';
import { vectorSchema } from './vectors/schema.ts';
import { signatureHeaderVectors } from './vectors/signature-headers.ts';
import { strictEd25519Vectors } from './vectors/strict-ed25519.ts';
import { strictJsonVectors } from './vectors/strict-json.ts';
import { timestampVectors } from './vectors/timestamps.ts';
import { txtRecordVectors } from './vectors/txt-records.ts';
import { renderSubject } from './vectors/vector-file.ts';
import { wrappedKeyVectors } from './vectors/wrapped-keys.ts';

const FOLDER = join(import.meta.dirname, '..', 'conformance', 'vectors');

const SUBJECTS = [
  identifierVectors, timestampVectors, requestTargetVectors, base64Vectors, strictJsonVectors, jcsVectors, signatureHeaderVectors, requestVectors,
  answerVectors, strictEd25519Vectors, keyDocumentVectors, txtRecordVectors, messageBodyVectors, changeBodyVectors, otherBodyVectors, sameContentVectors,
  identityVectors, wrappedKeyVectors, membershipVectors, messageVectors, contentVectors, safetyNumberVectors, leaveVectors,
];

/** Renders every file of vectors and their schema, by name: the same bytes in every run. */
export function renderVectors(): ReadonlyMap<string, string> {
  const files = SUBJECTS.map((makeSubject): [string, string] => {
    const subject = makeSubject();
    return [`${subject.subject}.json`, prettyJson(renderSubject(subject))];
  });
  return new Map([['vectors.schema.json', prettyJson(vectorSchema())], ...files]);
}

/** Names the files that are not as {@link renderVectors} has them, those that it does not know included. */
export function findOutdated(rendered: ReadonlyMap<string, string>, readText: (name: string) => string | null, present: readonly string[]): readonly string[] {
  const different = [...rendered].filter(([name, text]) => readText(name) !== text).map(([name]) => name);
  return [...different, ...present.filter((name) => !rendered.has(name))];
}

function readVectors(name: string): string | null {
  try {
    return readFileSync(join(FOLDER, name), 'utf8');
  } catch {
    return null;
  }
}

function main(): void {
  const rendered = renderVectors();
  if (!process.argv.includes('--check')) {
    for (const [name, text] of rendered) writeFileSync(join(FOLDER, name), text);
    return;
  }
  const present = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  const outdated = findOutdated(rendered, readVectors, present);
  for (const name of outdated) process.stdout.write(`conformance/vectors/${name} is not what \`npm run vectors\` writes\n`);
  process.exitCode = outdated.length === 0 ? 0 : 1;
}

if (import.meta.main) main();
