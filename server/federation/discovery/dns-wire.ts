import ipaddr from 'ipaddr.js';

/**
 * What one record says, for the types that discovery reads. Names are in lower case without a trailing dot, `.` for
 * the root; TXT chunks are joined as bytes, addresses in their usual text form.
 */
export type DnsRecordData =
  | { readonly type: 'A' | 'AAAA' | 'TXT'; readonly text: string }
  | { readonly type: 'CNAME'; readonly target: string }
  | { readonly type: 'SRV'; readonly priority: number; readonly weight: number; readonly port: number; readonly target: string }
  | { readonly type: 'SOA'; readonly minimum: number }
  | { readonly type: 'OPT'; readonly extendedRcode: number }
  | { readonly type: 'other' };

/** One record of a message; `data` is `other` for types and classes that nobody here reads. */
export interface DnsRecord {
  readonly owner: string;
  readonly ttl: number;
  readonly data: DnsRecordData;
}

/** One question as it stands in a message. @see RFC 1035 section 4.1.2 */
export interface DnsWireQuestion {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

/** A message read whole, or, where it says that it was cut short, its questions alone. @see RFC 1035 section 4.1 */
export interface DnsMessage {
  readonly id: number;
  readonly flags: number;
  readonly questions: readonly DnsWireQuestion[];
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

/** Is the bit that says that a message was cut short. @see RFC 2181 section 9 */
export const TRUNCATED_BIT = 0x0200;

/** Numbers the record types that are read. @see RFC 1035 section 3.2.2, RFC 2782, RFC 3596, RFC 6891 */
export const DNS_TYPES = { A: 1, CNAME: 5, SOA: 6, TXT: 16, AAAA: 28, SRV: 33, OPT: 41 } as const;
/** Is the class of the internet. @see RFC 1035 section 3.2.4 */
export const CLASS_IN = 1;

const MAX_NAME_BYTES = 255;
/** A writer that shares ends of names links a name of n labels n times at most; longer chains are there to keep a reader busy. */
const MAX_POINTERS = 32;
const POINTER_BITS = 0xc0;
const SOA_NUMBERS_BYTES = 20;
const PLAIN_LABEL = /^[a-z0-9_-]+$/;
const UNUSUAL = /[^a-z0-9_-]/g;

/** Says that bytes are no DNS message; caught where they are read. */
class DnsWireError extends Error {
  override readonly name = 'DnsWireError';
}

/**
 * Reads a message from its bytes, null where anything in it is not as RFC 1035 has it: a length that does not fit, a
 * pointer that does not lead back, bytes left over. Takes time that grows with the length alone.
 */
export function decodeDnsMessage(bytes: Buffer): DnsMessage | null {
  try {
    return new MessageReader(bytes).readMessage();
  } catch (error) {
    // A RangeError is Buffer's way to say that a number lies beyond the end.
    if (error instanceof DnsWireError || error instanceof RangeError) return null;
    throw error;
  }
}

/** Reads a message once from front to back; `at` is the index of the next byte. */
class MessageReader {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  readMessage(): DnsMessage {
    const [id, flags] = [this.readUint16(), this.readUint16()];
    const [questions, answers, authorities, additionals] = [this.readUint16(), this.readUint16(), this.readUint16(), this.readUint16()];
    const asked = this.readList(questions, () => ({ name: this.readName(), type: this.readUint16(), class: this.readUint16() }));
    // What follows may end anywhere, and counts for nothing.
    if ((flags & TRUNCATED_BIT) !== 0) return { id, flags, questions: asked, answers: [], authorities: [], additionals: [] };
    const message = {
      id,
      flags,
      questions: asked,
      answers: this.readList(answers, () => this.readRecord()),
      authorities: this.readList(authorities, () => this.readRecord()),
      additionals: this.readList(additionals, () => this.readRecord()),
    };
    if (this.at !== this.bytes.length) throw new DnsWireError();
    return message;
  }

  private readList<Entry>(count: number, read: () => Entry): readonly Entry[] {
    const entries: Entry[] = [];
    while (entries.length < count) entries.push(read());
    return entries;
  }

  private readRecord(): DnsRecord {
    const owner = this.readName();
    const [type, recordClass, ttl] = [this.readUint16(), this.readUint16(), this.readUint32()];
    const end = this.readUint16() + this.at;
    if (end > this.bytes.length) throw new DnsWireError();
    const data = this.readData({ type, recordClass, ttl, end });
    if (data.type === 'other') this.at = end;
    if (this.at !== end) throw new DnsWireError();
    return { owner, ttl, data };
  }

  private readData({ type, recordClass, ttl, end }: { type: number; recordClass: number; ttl: number; end: number }): DnsRecordData {
    if (type === DNS_TYPES.OPT) return this.readOpt(ttl, end);
    if (recordClass !== CLASS_IN) return { type: 'other' };
    switch (type) {
      case DNS_TYPES.A:
        return { type: 'A', text: this.readAddress(4) };
      case DNS_TYPES.AAAA:
        return { type: 'AAAA', text: this.readAddress(16) };
      case DNS_TYPES.TXT:
        return { type: 'TXT', text: this.readChunks(end) };
      case DNS_TYPES.CNAME:
        return { type: 'CNAME', target: this.readName() };
      case DNS_TYPES.SRV:
        return { type: 'SRV', priority: this.readUint16(), weight: this.readUint16(), port: this.readUint16(), target: this.readName() };
      case DNS_TYPES.SOA:
        return { type: 'SOA', minimum: this.readSoaMinimum() };
      default:
        return { type: 'other' };
    }
  }

  /** Reads what EDNS puts into the fields of a record; its options say nothing here, but fill their place exactly. */
  private readOpt(ttl: number, end: number): DnsRecordData {
    while (this.at < end) {
      this.readUint16();
      this.take(this.readUint16());
    }
    return { type: 'OPT', extendedRcode: ttl >>> 24 };
  }

  private readSoaMinimum(): number {
    this.readName();
    this.readName();
    return this.take(SOA_NUMBERS_BYTES).readUInt32BE(SOA_NUMBERS_BYTES - 4);
  }

  private readAddress(length: number): string {
    return ipaddr.fromByteArray([...this.take(length)]).toString();
  }

  private readChunks(end: number): string {
    const chunks: Buffer[] = [];
    while (this.at < end) chunks.push(this.take(this.readUint8()));
    // Joined as bytes: a character may be cut in two by the end of a chunk.
    return Buffer.concat(chunks).toString('utf8');
  }

  /** Reads a name, following pointers, each of which leads to before the one that led there. */
  private readName(): string {
    const labels: string[] = [];
    let [cursor, floor, length, pointers, after] = [this.at, this.at, 1, 0, -1];
    for (;;) {
      const head = this.bytes.readUInt8(cursor);
      if (head === 0) break;
      if ((head & POINTER_BITS) === POINTER_BITS) {
        const target = this.bytes.readUInt16BE(cursor) & 0x3fff;
        pointers += 1;
        if (target >= floor || pointers > MAX_POINTERS) throw new DnsWireError();
        if (after === -1) after = cursor + 2;
        [cursor, floor] = [target, target];
        continue;
      }
      length += head + 1;
      if ((head & POINTER_BITS) !== 0 || length > MAX_NAME_BYTES || cursor + head >= this.bytes.length) throw new DnsWireError();
      labels.push(showLabel(this.bytes, cursor + 1, cursor + 1 + head));
      cursor += head + 1;
    }
    this.at = after === -1 ? cursor + 1 : after;
    return labels.length === 0 ? '.' : labels.join('.');
  }

  private take(length: number): Buffer {
    const end = this.at + length;
    if (end > this.bytes.length) throw new DnsWireError();
    const taken = this.bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  private readUint8(): number {
    this.at += 1;
    return this.bytes.readUInt8(this.at - 1);
  }

  private readUint16(): number {
    this.at += 2;
    return this.bytes.readUInt16BE(this.at - 2);
  }

  private readUint32(): number {
    this.at += 4;
    return this.bytes.readUInt32BE(this.at - 4);
  }
}

/** Writes a label in lower case; bytes that would make two names look like one are written `\DDD`. @see RFC 4343 section 2.1 */
function showLabel(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('latin1', start, end);
  if (PLAIN_LABEL.test(text)) return text;
  return text.replaceAll(UNUSUAL, (letter) => (/[A-Z]/.test(letter) ? letter.toLowerCase() : `\\${String(letter.charCodeAt(0)).padStart(3, '0')}`));
}
