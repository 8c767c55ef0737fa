import { decode } from 'next-auth/jwt';

/** Names and attributes of the cookies of one instance: two instances on one host name must not share them. */
export interface SessionCookies {
  readonly session: string;
  readonly csrf: string;
  readonly callbackUrl: string;
  readonly secure: boolean;
}

/** Names the cookies after the domain; over https with the prefixes that browsers enforce. */
export function sessionCookies(domain: string, publicUrl: URL): SessionCookies {
  const secure = publicUrl.protocol === 'https:';
  const base = `securechat.${domain}`;
  return {
    session: `${secure ? '__Host-' : ''}${base}.session`,
    csrf: `${secure ? '__Host-' : ''}${base}.csrf`,
    callbackUrl: `${secure ? '__Host-' : ''}${base}.callback`,
    secure,
  };
}

/** Reads the session id sealed in a Cookie header; null when there is none or it was not sealed by us. */
export async function readSessionId(cookieHeader: string, options: { cookies: SessionCookies; secret: string }): Promise<string | null> {
  const token = findCookie(cookieHeader, options.cookies.session);
  if (token === null) return null;
  try {
    const claims = await decode({ token, secret: options.secret });
    const sessionId = claims?.['sessionId'];
    return typeof sessionId === 'string' ? sessionId : null;
  } catch {
    return null;
  }
}

function findCookie(header: string, name: string): string | null {
  for (const part of header.split(';')) {
    const equals = part.indexOf('=');
    if (equals > 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim();
  }
  return null;
}
