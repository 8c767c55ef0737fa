/** Something that must not be found, or for a control must be, in all the forms that it could hide in. */
export interface Secret {
  readonly name: string;
  readonly forms: readonly string[];
}

const MIN_FORM_LENGTH = 12;

/**
 * Gives the forms of some bytes or of a text: as it is, as hex, and as base64 in both alphabets, standing alone or inside
 * something longer that was encoded as a whole.
 */
export function secretOf(name: string, secret: string | Uint8Array): Secret {
  const bytes = Buffer.from(secret);
  const texts = typeof secret === 'string' ? [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)] : [];
  const inBase64 = [0, 1, 2].map((shift) => base64Inside(bytes, shift));
  const hex = bytes.toString('hex');
  const forms = [...texts, hex, hex.toUpperCase(), ...inBase64, ...inBase64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))];
  if (forms.some((form) => form.length < MIN_FORM_LENGTH)) throw new RangeError(`${name} is too short to be searched for`);
  return { name, forms: [...new Set(forms)] };
}

/** Names the secrets that a text or some bytes hold in any form. */
export function findSecrets(where: string | Buffer, secrets: readonly Secret[]): readonly string[] {
  const bytes = typeof where === 'string' ? Buffer.from(where) : where;
  return secrets.filter(({ forms }) => forms.some((form) => bytes.includes(form))).map(({ name }) => name);
}

/** The letters that the bytes alone decide when `shift` unknown bytes stand before them and unknown ones follow. */
function base64Inside(bytes: Buffer, shift: number): string {
  const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64').replaceAll('=', '');
  const undecidedAtEnd = (shift + bytes.length) % 3 === 0 ? 0 : 1;
  return encoded.slice(shift === 0 ? 0 : shift + 1, encoded.length - undecidedAtEnd);
}
