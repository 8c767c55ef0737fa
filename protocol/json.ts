import { MAX_JSON_DEPTH } from './limits.ts';

/** Any JSON value. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
/** A JSON object. */
export type JsonObject = { readonly [name: string]: JsonValue };

/** Why a document is not strict JSON, in the closed `code` of {@link StrictJsonError}. */
type StrictJsonFault = 'encoding' | 'empty' | 'syntax' | 'duplicate_key' | 'depth' | 'number' | 'string';

/** Says that bytes are not strict JSON, or a value not one that JSON can carry; never echoes them. */
export class StrictJsonError extends Error {
  override readonly name = 'StrictJsonError';
  readonly code: StrictJsonFault;

  constructor(code: StrictJsonFault, options?: ErrorOptions) {
    super(`The document is not strict JSON (${code}).`, options);
    this.code = code;
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const NUMBER_TOKEN = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const HEX4 = /^[0-9A-Fa-f]{4}$/;
const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t',
};

/**
 * Reads one JSON document (RFC 8259) from UTF-8 bytes, refusing what readers disagree about: a BOM, invalid UTF-8,
 * duplicate keys, lone surrogates, U+0000, infinite numbers, integers beyond ±(2^53−1) and more than `maxDepth`
 * (16) open arrays and objects. Throws {@link StrictJsonError}.
 * @see docs/protocol.md [SIG-12]
 */
export function parseStrictJson(bytes: Uint8Array, options: { maxDepth?: number } = {}): JsonValue {
  if (bytes.length === 0) throw new StrictJsonError('empty');
  return new StrictReader(decodeUtf8(bytes), options.maxDepth ?? MAX_JSON_DEPTH).readDocument();
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new StrictJsonError('encoding', { cause });
  }
}

/**
 * Writes a value in the JSON Canonicalization Scheme: member names in UTF-16 code unit order, ECMAScript numbers,
 * no blanks. Throws {@link StrictJsonError} for what JSON cannot carry: infinite numbers, lone surrogates, undefined.
 * @see RFC 8785 section 3.2
 */
export function canonicalizeJson(value: JsonValue): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(wellFormed(value));
    case 'number':
      if (!Number.isFinite(value)) throw new StrictJsonError('number');
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      return isJsonArray(value) ? `[${value.map(canonicalizeJson).join(',')}]` : canonicalizeObject(value);
    default:
      throw new StrictJsonError('syntax');
  }
}

function canonicalizeObject(value: JsonObject): string {
  let text = '';
  for (const name of Object.keys(value).sort()) {
    const member = value[name];
    if (member === undefined) throw new StrictJsonError('syntax');
    text += `${text === '' ? '' : ','}${JSON.stringify(wellFormed(name))}:${canonicalizeJson(member)}`;
  }
  return `{${text}}`;
}

/** Tells an object from every other JSON value. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// Array.isArray does not narrow a union with a readonly array.
function isJsonArray(value: readonly JsonValue[] | JsonObject): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Reads a text once from front to back; `at` is the index of the next character. */
class StrictReader {
  private readonly text: string;
  private readonly maxDepth: number;
  private at = 0;
  private depth = 0;

  constructor(text: string, maxDepth: number) {
    this.text = text;
    this.maxDepth = maxDepth;
  }

  readDocument(): JsonValue {
    const first = this.skipBlanks();
    if (Number.isNaN(first)) throw new StrictJsonError('empty');
    if (first === 0xfeff) throw new StrictJsonError('encoding');
    const value = this.readValue(first);
    if (!Number.isNaN(this.skipBlanks())) throw new StrictJsonError('syntax');
    return value;
  }

  /** Moves to the next character that is no blank and gives its code, NaN at the end. */
  private skipBlanks(): number {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code;
      this.at += 1;
    }
  }

  private readValue(first: number): JsonValue {
    switch (first) {
      case QUOTE:
        return this.readString();
      case OPEN_BRACE:
        return this.readObject();
      case OPEN_BRACKET:
        return this.readArray();
      case 0x74:
        return this.readWord('true', true);
      case 0x66:
        return this.readWord('false', false);
      case 0x6e:
        return this.readWord('null', null);
      default:
        return this.readNumber();
    }
  }

  private readWord<Value extends boolean | null>(word: string, value: Value): Value {
    if (!this.text.startsWith(word, this.at)) throw new StrictJsonError('syntax');
    this.at += word.length;
    return value;
  }

  private readNumber(): number {
    NUMBER_TOKEN.lastIndex = this.at;
    const token = NUMBER_TOKEN.exec(this.text)?.[0];
    if (token === undefined) throw new StrictJsonError('syntax');
    this.at += token.length;
    const value = Number(token);
    // 1e3 and 1.0 are integers by value: the bound holds for them as it does for 1000 and 1.
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
      throw new StrictJsonError('number');
    }
    return value;
  }

  private readArray(): JsonValue[] {
    this.open();
    const items: JsonValue[] = [];
    let next = this.skipBlanks();
    if (next === CLOSE_BRACKET) return this.close(items);
    for (;;) {
      items.push(this.readValue(next));
      next = this.skipBlanks();
      if (next === CLOSE_BRACKET) return this.close(items);
      if (next !== COMMA) throw new StrictJsonError('syntax');
      this.at += 1;
      next = this.skipBlanks();
    }
  }

  private readObject(): JsonObject {
    this.open();
    const members: Record<string, JsonValue> = {};
    let next = this.skipBlanks();
    if (next === CLOSE_BRACE) return this.close(members);
    for (;;) {
      if (next !== QUOTE) throw new StrictJsonError('syntax');
      const name = this.readString();
      if (Object.hasOwn(members, name)) throw new StrictJsonError('duplicate_key');
      if (this.skipBlanks() !== COLON) throw new StrictJsonError('syntax');
      this.at += 1;
      setMember(members, name, this.readValue(this.skipBlanks()));
      next = this.skipBlanks();
      if (next === CLOSE_BRACE) return this.close(members);
      if (next !== COMMA) throw new StrictJsonError('syntax');
      this.at += 1;
      next = this.skipBlanks();
    }
  }

  private open(): void {
    this.depth += 1;
    if (this.depth > this.maxDepth) throw new StrictJsonError('depth');
    this.at += 1;
  }

  private close<Value>(value: Value): Value {
    this.depth -= 1;
    this.at += 1;
    return value;
  }

  private readString(): string {
    const text = this.text;
    let start = this.at + 1;
    let unescaped = '';
    for (let at = start; ; at += 1) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.at = at + 1;
        // Raw characters come from valid UTF-8 and are well formed; only escapes can spell half a pair.
        return unescaped === '' ? text.slice(start, at) : wellFormed(unescaped + text.slice(start, at));
      }
      if (code === BACKSLASH) {
        this.at = at + 1;
        unescaped += text.slice(start, at) + this.readEscape();
        start = this.at;
        at = start - 1;
      } else if (!(code >= 0x20)) {
        // Control characters, and NaN where the text ends inside the string.
        throw new StrictJsonError(code === 0 ? 'string' : 'syntax');
      }
    }
  }

  /** Reads what follows a backslash and leaves `at` behind it. */
  private readEscape(): string {
    const letter = this.text.charAt(this.at);
    this.at += 1;
    if (letter !== 'u') {
      const simple = SIMPLE_ESCAPES[letter];
      if (simple === undefined) throw new StrictJsonError('syntax');
      return simple;
    }
    const digits = this.text.slice(this.at, this.at + 4);
    if (!HEX4.test(digits)) throw new StrictJsonError('syntax');
    this.at += 4;
    const code = Number.parseInt(digits, 16);
    if (code === 0) throw new StrictJsonError('string');
    return String.fromCharCode(code);
  }
}

function wellFormed(text: string): string {
  if (!text.isWellFormed()) throw new StrictJsonError('string');
  return text;
}

function setMember(members: Record<string, JsonValue>, name: string, value: JsonValue): void {
  if (name !== '__proto__') {
    members[name] = value;
    return;
  }
  // Assigning to this name would change the prototype instead of adding a member.
  Object.defineProperty(members, name, { value, enumerable: true, configurable: true, writable: true });
}
