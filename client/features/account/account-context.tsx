'use client';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import type { SignedIn } from '../../model.ts';
import { useChatClient } from '../chat-client-context.tsx';
import { queryKeys } from '../query-keys.ts';

/** Whether somebody is signed in here; `why` says how that ended. */
type AccountState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'unreachable'; readonly error: unknown }
  | { readonly kind: 'signed_out'; readonly why: 'never' | 'here' | 'elsewhere' }
  | { readonly kind: 'signed_in'; readonly me: SignedIn };

interface Account {
  readonly state: AccountState;
  /** Takes note of a sign-in that the client has done. */
  readonly noteSignedIn: (me: SignedIn) => void;
  readonly signOut: () => Promise<void>;
  readonly retry: () => void;
}

const AccountContext = createContext<Account | null>(null);

/** Restores who is signed in here and keeps it current for every screen. */
export function AccountProvider({ children }: { children: ReactNode }) {
  const client = useChatClient();
  const queryClient = useQueryClient();
  const [why, setWhy] = useState<'never' | 'here' | 'elsewhere'>('never');
  const restored = useQuery({ queryKey: queryKeys.account, queryFn: () => client.account.restore(), staleTime: Infinity, retry: 0 });

  const forget = useCallback(
    (reason: 'here' | 'elsewhere') => {
      setWhy(reason);
      queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== 'instance' && query.queryKey[0] !== 'account' });
      queryClient.setQueryData(queryKeys.account, null);
    },
    [queryClient],
  );
  // The client tells when the sign-in was ended by another browser or by the server.
  useEffect(
    () =>
      client.subscribe((event) => {
        if (event.kind === 'signed_out') forget('elsewhere');
      }),
    [client, forget],
  );

  const noteSignedIn = useCallback((me: SignedIn) => queryClient.setQueryData(queryKeys.account, me), [queryClient]);
  const signOut = useCallback(async () => {
    await client.account.signOut();
    forget('here');
  }, [client, forget]);
  const { data, error, isPending, refetch } = restored;
  const value = useMemo<Account>(() => {
    const retry = () => void refetch();
    if (isPending) return { state: { kind: 'loading' }, noteSignedIn, signOut, retry };
    if (data !== null && data !== undefined) return { state: { kind: 'signed_in', me: data }, noteSignedIn, signOut, retry };
    if (error !== null) return { state: { kind: 'unreachable', error }, noteSignedIn, signOut, retry };
    return { state: { kind: 'signed_out', why }, noteSignedIn, signOut, retry };
  }, [isPending, data, error, why, refetch, noteSignedIn, signOut]);
  return <AccountContext value={value}>{children}</AccountContext>;
}

/** Gives who is signed in here, with the ways to change it. */
export function useAccount(): Account {
  const value = useContext(AccountContext);
  if (value === null) throw new Error('useAccount needs an AccountProvider above it');
  return value;
}

const MeContext = createContext<SignedIn | null>(null);
/** Tells the screens below who is signed in. */
export const MeProvider = MeContext.Provider;

/** Gives the signed-in person; only below {@link MeProvider}. */
export function useMe(): SignedIn {
  const me = useContext(MeContext);
  if (me === null) throw new Error('useMe needs a signed-in person');
  return me;
}
