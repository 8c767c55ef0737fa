import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { isJsonObject } from '../../protocol/json.ts';
import type { JsonValue } from '../../protocol/json.ts';
import { buildOpenApiDocument } from '../../protocol/openapi/openapi-document.ts';
import type { RawAnswer, RawRequest } from './raw-exchange.ts';

const DOCUMENT = buildOpenApiDocument({ version: '0.0.0' });
const PARAMETER = /\{[^}]+\}/g;

const validator = new Ajv2020({ strict: false, validateFormats: false }).addSchema(DOCUMENT, 'openapi.json');

/** Asserts that an answer is one that the published description promises to this request; paths that it lacks are not judged. */
export function expectDescribed({ method, target }: RawRequest, { status, headers, body }: RawAnswer): void {
  const path = Object.keys(member(DOCUMENT, 'paths')).find((template) => isOf(template, target));
  const operation = path === undefined ? undefined : member(DOCUMENT, 'paths', path)[method.toLowerCase()];
  if (path === undefined || operation === undefined) return;
  const mediaType = headers['content-type'] ?? '';
  const pointer = ['paths', path, method.toLowerCase(), 'responses', String(status), 'content', mediaType, 'schema'];
  const validate = validator.getSchema(`openapi.json#/${pointer.map(escapePointer).join('/')}`);
  expect(validate, `${method} ${path} describes no ${status} with ${mediaType}`).toBeDefined();
  expect({ valid: validate?.(JSON.parse(body)), errors: validate?.errors }).toEqual({ valid: true, errors: null });
}

/** Lists the signed paths of the description with an example in place of each parameter, and the methods of each in capitals. */
export function describedPaths(): readonly (readonly [target: string, methods: readonly string[]])[] {
  const signed = Object.entries(member(DOCUMENT, 'paths')).filter(([path]) => path.startsWith('/federation/'));
  return signed.map(([path, operations]) => [path.replaceAll(PARAMETER, 'x'), Object.keys(isJsonObject(operations) ? operations : {}).map((name) => name.toUpperCase())]);
}

function isOf(template: string, target: string): boolean {
  const pattern = template.replaceAll(/[.]/g, '\\.').replaceAll(PARAMETER, '[^/]+');
  return new RegExp(`^${pattern}$`).test(target);
}

function member(value: JsonValue, ...names: readonly string[]): Readonly<Record<string, JsonValue | undefined>> {
  const found = names.reduce<JsonValue | undefined>((at, name) => (isJsonObject(at) ? at[name] : undefined), value);
  return isJsonObject(found) ? found : {};
}

function escapePointer(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));
}
