import type { Fetch } from '../trpc/instance-client.ts';

/** Keeps the cookies of one instance, as a browser would by itself. */
export interface CookieJar {
  /** Fetches with the cookies and keeps those of the answer; redirects are not followed. */
  readonly fetch: Fetch;
  /** Gives the `Cookie` header, empty while there is none. */
  header(): string;
}

/** Creates an empty jar for a single origin; attributes but age and expiry do not matter there. */
export function createCookieJar(fetch: Fetch): CookieJar {
  const cookies = new Map<string, string>();
  const header = (): string => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');

  function keep(setCookie: string): void {
    const [pair = '', ...attributes] = setCookie.split(';').map((part) => part.trim());
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals);
    if (attributes.some(isExpired)) cookies.delete(name);
    else cookies.set(name, pair.slice(equals + 1));
  }

  return {
    header,
    async fetch(url, init = {}) {
      const headers = new Headers(init.headers);
      if (cookies.size > 0) headers.set('cookie', header());
      const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
      for (const setCookie of answer.headers.getSetCookie()) keep(setCookie);
      return answer;
    },
  };
}

function isExpired(attribute: string): boolean {
  const [name = '', value = ''] = attribute.toLowerCase().split('=');
  return (name === 'max-age' && Number(value) <= 0) || (name === 'expires' && new Date(value).getTime() <= 0);
}
