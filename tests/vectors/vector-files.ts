import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../protocol/json.ts';

/** Why something is refused, as far as it is known. */
export interface VectorError {
  readonly code?: string;
  readonly reason?: string;
  readonly pointer?: string;
}

/** One case as a file holds it. */
export type VectorTest = {
  readonly tcId: number;
  readonly comment: string;
  readonly flags: readonly string[];
  readonly clause?: string;
  readonly input: JsonObject;
} & ({ readonly result: 'valid'; readonly expected: JsonObject } | { readonly result: 'invalid'; readonly error: VectorError });

/** Cases of one type. */
export interface VectorGroup {
  readonly type: string;
  readonly clause: string;
  readonly given?: JsonObject;
  readonly tests: readonly VectorTest[];
}

/** The private test keys of a file, by name. */
export type PrivateTestKeys = Readonly<Record<string, { readonly algorithm: 'Ed25519' | 'X25519'; readonly privateHex: string; readonly publicKey: string }>>;

/** One file of vectors. */
export interface VectorFile {
  readonly subject: string;
  readonly clauses: readonly string[];
  readonly numberOfTests: number;
  readonly notes: Readonly<Record<string, string>>;
  readonly privateTestKeys?: PrivateTestKeys;
  readonly groups: readonly VectorGroup[];
}

const VECTORS_FOLDER = join(import.meta.dirname, '..', '..', 'conformance', 'vectors');
/** Is the name of the schema beside them. */
export const SCHEMA_NAME = 'vectors.schema.json';

/** Names every file of vectors. */
export function vectorFileNames(): readonly string[] {
  return readdirSync(VECTORS_FOLDER).filter((name) => name.endsWith('.json') && name !== SCHEMA_NAME);
}

/** Reads the text of a file beside the vectors. */
export function readVectorText(name: string): string {
  return readFileSync(join(VECTORS_FOLDER, name), 'utf8');
}

/** Reads a file of vectors, whose form the schema checks elsewhere. */
export function readVectorFile(name: string): VectorFile {
  return JSON.parse(readVectorText(name));
}
