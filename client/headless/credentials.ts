import * as z from 'zod';
import { encodeBase64 } from '../../protocol/base64.ts';
import { ClientError } from '../client-error.ts';
import type { Fetch } from '../trpc/instance-client.ts';

/** Starts and ends the session at the own server, by next-auth's credentials. */
export interface Credentials {
  /** Rejects with `wrong_credentials`, `rate_limited`, `offline` or `server_error`. */
  signIn(input: { readonly username: string; readonly authSecret: Uint8Array }): Promise<void>;
  signOut(): Promise<void>;
}

const csrfAnswer = z.object({ csrfToken: z.string() });

/** Creates the credentials of the instance at `baseUrl`; `fetch` must carry its cookies. */
export function createCredentials(options: { readonly baseUrl: string; readonly fetch: Fetch }): Credentials {
  const authUrl = `${options.baseUrl}/api/auth`;

  async function call(path: string, init?: RequestInit): Promise<Response> {
    try {
      return await options.fetch(`${authUrl}/${path}`, init);
    } catch (cause) {
      throw new ClientError('offline', { cause });
    }
  }

  async function post(path: string, fields: Readonly<Record<string, string>>): Promise<Response> {
    const csrf = await call('csrf');
    const { data } = csrfAnswer.safeParse(csrf.ok ? await csrf.json() : null);
    if (data === undefined) throw new ClientError('server_error', { transient: true });
    const body = new URLSearchParams({ ...fields, csrfToken: data.csrfToken, json: 'true' });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return call(path, { method: 'POST', headers, body: body.toString() });
  }

  return {
    async signIn({ username, authSecret }) {
      const answer = await post('callback/credentials', { username, authSecret: encodeBase64(authSecret) });
      if (answer.ok) return;
      const text = await answer.text();
      // An error thrown while the credentials are checked comes back as 401 with its name in the answer's url.
      if (answer.status === 429 || text.includes('rate_limited')) throw new ClientError('rate_limited');
      if (answer.status !== 401 || text.includes('unavailable')) throw new ClientError('server_error', { transient: true });
      throw new ClientError('wrong_credentials');
    },
    async signOut() {
      await post('signout', {});
    },
  };
}
