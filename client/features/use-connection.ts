'use client';
import { useCallback, useSyncExternalStore } from 'react';
import type { ConnectionState } from '../model.ts';
import { useChatClient } from './chat-client-context.tsx';

/** Gives the state of the line to the own server, kept current. */
export function useConnection(): ConnectionState {
  const client = useChatClient();
  const subscribe = useCallback(
    (changed: () => void) =>
      client.subscribe((event) => {
        if (event.kind === 'connection') changed();
      }),
    [client],
  );
  return useSyncExternalStore(subscribe, () => client.connection());
}
