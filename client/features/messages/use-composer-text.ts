'use client';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useChatClient } from '../chat-client-context.tsx';
import { useDraft } from '../conversations/conversation-queries.ts';
import { queryKeys } from '../query-keys.ts';

const SAVE_AFTER_MS = 400;

interface ComposerText {
  readonly text: string;
  readonly setText: (text: string) => void;
  /** Clears the field without forgetting the kept draft; {@link forgetDraft} does that once the text is safe elsewhere. */
  readonly clear: () => void;
  readonly forgetDraft: () => void;
  /** Puts a text that was not sent back, in front of what was typed since. */
  readonly putBack: (unsent: string) => void;
}

/** Keeps what is being typed in one chat: across chats, screens and restarts, sealed by the client. */
export function useComposerText(conversationId: string): ComposerText {
  const client = useChatClient();
  const queryClient = useQueryClient();
  const draft = useDraft(conversationId).data;
  const [typed, setTyped] = useState<string | null>(null);
  const current = useRef<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const keep = useCallback(
    (text: string) => {
      clearTimeout(timer.current);
      timer.current = undefined;
      queryClient.setQueryData(queryKeys.draft(conversationId), text);
      // A draft that cannot be kept stays in the field, which is all that can be done about it.
      client.drafts.set(conversationId, text).catch(() => undefined);
    },
    [client, queryClient, conversationId],
  );
  const show = useCallback((text: string) => {
    current.current = text;
    setTyped(text);
  }, []);
  const setText = useCallback(
    (text: string) => {
      show(text);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => keep(text), SAVE_AFTER_MS);
    },
    [show, keep],
  );
  // Leaving the chat or the page keeps what the pause between two keys has not yet.
  useEffect(() => {
    const flush = () => {
      if (timer.current !== undefined && current.current !== null) keep(current.current);
    };
    window.addEventListener('pagehide', flush);
    return () => {
      window.removeEventListener('pagehide', flush);
      flush();
    };
  }, [keep]);

  const clear = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = undefined;
    show('');
  }, [show]);
  const forgetDraft = useCallback(() => keep(current.current ?? ''), [keep]);
  const putBack = useCallback(
    (unsent: string) => {
      const since = current.current ?? '';
      const text = since === '' ? unsent : `${unsent}\n${since}`;
      show(text);
      keep(text);
    },
    [show, keep],
  );
  return { text: typed ?? draft ?? '', setText, clear, forgetDraft, putBack };
}
