import { createTRPCClient, httpBatchLink, httpLink, httpSubscriptionLink, splitLink } from '@trpc/client';
import type { HTTPLinkOptions, TRPCClient } from '@trpc/client';
import type { AppRouter } from '../../server/trpc/app-router.ts';

/** The typed procedures of the own instance. */
export type InstanceClient = TRPCClient<AppRouter>;

/** The part of `fetch` that the client uses; under Node it also carries the cookies. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** What tRPC hands to `fetch`: the page's own and Node's type differ, its own fits both. */
type FetchInit = NonNullable<Parameters<NonNullable<HTTPLinkOptions<never>['fetch']>>[1]>;

const MAX_URL_LENGTH = 4_000;
const MAX_BATCH_ITEMS = 20;
/** Looking a person up waits for another server: longer than the 30 s that the own one gives it. */
const TIMEOUT_MS = 45_000;

/** Creates the client of `baseUrl` (origin without a trailing slash; empty for the page's own). */
export function createInstanceClient(options: { readonly baseUrl: string; readonly fetch: Fetch }): InstanceClient {
  const link = {
    url: `${options.baseUrl}/api/trpc`,
    // No other site can make a browser send this header without asking first.
    headers: { 'x-securechat-client': '1' },
    fetch: (url: unknown, init: FetchInit = {}) =>
      options.fetch(String(url), {
        method: init.method ?? 'GET',
        headers: init.headers ?? {},
        body: typeof init.body === 'string' ? init.body : null,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }),
  };
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        // A silent server of somebody else must not hold back what else is asked at the moment.
        condition: ({ path }) => path === 'contacts.lookup',
        true: httpLink(link),
        false: httpBatchLink({ ...link, maxURLLength: MAX_URL_LENGTH, maxItems: MAX_BATCH_ITEMS }),
      }),
    ],
  });
}

/** `EventSource` as browsers have it; what stands in for it under Node sends the cookies itself. */
export type EventSourceClass = typeof EventSource;

/** Creates the client of the event stream of `baseUrl`, and of nothing else. */
export function createStreamClient(options: { readonly baseUrl: string; readonly EventSource: EventSourceClass }): Pick<InstanceClient, 'events'> {
  const { baseUrl, EventSource } = options;
  return createTRPCClient<AppRouter>({ links: [httpSubscriptionLink({ url: `${baseUrl}/api/trpc`, EventSource })] });
}
