import { decode } from 'next-auth/jwt';
import type { Clock } from '../domain/ports.ts';

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
export type ReadSessionId = (cookieHeader: string) => Promise<string | null>;

/** For so long a cookie that was opened is not opened again; whether its session still lives is asked each time all the same. */
const OPENED_MS = 60_000;
const MAX_OPENED = 10_000;

/** Creates the reader of session cookies. What it has just opened it remembers, as each request brings it again. */
export function createSessionReader(options: { readonly cookies: SessionCookies; readonly secret: string; readonly clock: Clock }): ReadSessionId {
  const { cookies, secret, clock } = options;
  const opened = new Map<string, { readonly sessionId: string; readonly untilMs: number }>();
  return async (cookieHeader) => {
    const token = findCookie(cookieHeader, cookies.session);
    if (token === null) return null;
    const nowMs = clock.now().getTime();
    const known = opened.get(token);
    if (known !== undefined && nowMs < known.untilMs) return known.sessionId;
    const sessionId = await openToken(token, secret);
    opened.delete(token);
    if (sessionId !== null) opened.set(token, { sessionId, untilMs: nowMs + OPENED_MS });
    const oldest = opened.keys().next();
    if (opened.size > MAX_OPENED && oldest.done !== true) opened.delete(oldest.value);
    return sessionId;
  };
}

async function openToken(token: string, secret: string): Promise<string | null> {
  try {
    const claims = await decode({ token, secret });
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
