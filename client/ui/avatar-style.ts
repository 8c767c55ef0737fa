/** How many hues and shapes the style sheet knows (`avatar-hue-0`…, `avatar-shape-0`…). */
const HUES = 10;
const REMOTE_SHAPES = 4;

function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) {
    value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  // The low bits of FNV-1a hardly mix on short texts.
  return (value ^ (value >>> 15)) >>> 0;
}

/** What an avatar shows for one person. */
interface AvatarStyle {
  readonly initials: string;
  readonly hueClass: string;
  readonly shapeClass: string;
}

/** Works out initials, hue (by person) and shape (by domain): a circle for the own server, another shape for each other one. */
export function avatarStyle(userId: string, ownDomain: string): AvatarStyle {
  const at = userId.indexOf('@');
  const username = at === -1 ? userId : userId.slice(0, at);
  const domain = at === -1 ? '' : userId.slice(at + 1);
  const words = username.split(/[._-]+/).filter((word) => word !== '');
  const first = words[0] ?? '?';
  const second = words[1];
  const initials = second === undefined ? first.slice(0, 2) : `${first.charAt(0)}${second.charAt(0)}`;
  const shape = domain === ownDomain ? 'own' : String(hash(domain) % REMOTE_SHAPES);
  return { initials: initials.toUpperCase(), hueClass: `avatar-hue-${hash(userId) % HUES}`, shapeClass: `avatar-shape-${shape}` };
}
