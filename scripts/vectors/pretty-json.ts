import type { JsonValue } from '../../protocol/json.ts';

const LINE_WIDTH = 120;

/** Writes JSON with one short value on a line and each long one over several, ASCII alone, a line feed at the end. */
export function prettyJson(value: JsonValue): string {
  return `${render(value, '')}\n`;
}

function render(value: JsonValue, indent: string): string {
  const short = inline(value);
  if (typeof value !== 'object' || value === null || indent.length + short.length <= LINE_WIDTH) return short;
  const inner = `${indent}  `;
  // Array.isArray does not narrow a union with a readonly array.
  if (Array.isArray(value)) return `[\n${value.map((item: JsonValue) => inner + render(item, inner)).join(',\n')}\n${indent}]`;
  const members = Object.entries(value).map(([name, member]) => `${inner}${ascii(name)}: ${render(member, inner)}`);
  return `{\n${members.join(',\n')}\n${indent}}`;
}

function inline(value: JsonValue): string {
  if (typeof value === 'string') return ascii(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  const members = Object.entries(value).map(([name, member]) => `${ascii(name)}: ${inline(member)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

/** Escapes everything outside ASCII, so that no editor, diff or mail changes a byte that matters. */
function ascii(text: string): string {
  return JSON.stringify(text).replaceAll(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
