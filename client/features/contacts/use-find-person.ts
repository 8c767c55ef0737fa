'use client';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useChatClient } from '../chat-client-context.tsx';
import { useErrorWords } from '../use-error-words.ts';
import { readAddress } from './address-input.ts';
import { useAddressWords, useOutcomeWords } from './use-address-words.ts';

interface FindPerson {
  /** The address being looked up, null while nothing is. */
  readonly looking: string | null;
  readonly error: string | null;
  readonly setError: (error: string | null) => void;
  /** Looks a typed address up; gives its user id, or null after saying in `error` why there is none. */
  readonly find: (typed: string) => Promise<string | null>;
}

/** Turns a typed address into a person that can be written to, or into the sentence that says why not. */
export function useFindPerson(): FindPerson {
  const client = useChatClient();
  const addressWords = useAddressWords();
  const outcomeWords = useOutcomeWords();
  const errorWords = useErrorWords();
  const [error, setError] = useState<string | null>(null);
  const lookup = useMutation({ mutationFn: (userId: string) => client.contacts.lookup(userId) });

  const find = async (typed: string): Promise<string | null> => {
    const input = readAddress(typed);
    if (input.kind !== 'address') {
      setError(addressWords(input));
      return null;
    }
    setError(null);
    try {
      const outcome = await lookup.mutateAsync(input.userId);
      setError(outcomeWords(outcome, input.userId));
      return outcome.kind === 'found' ? outcome.userId : null;
    } catch (failure) {
      setError(errorWords(failure));
      return null;
    }
  };
  return { looking: lookup.isPending ? lookup.variables : null, error, setError, find };
}
