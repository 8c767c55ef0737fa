'use client';
import { CircleAlert, SendHorizontal } from 'lucide-react';
import { useEffect, useId, useLayoutEffect, useRef, useState, type KeyboardEvent, type SubmitEvent } from 'react';
import { useTranslations } from 'use-intl';
import { useChatClient } from '../chat-client-context.tsx';
import { useErrorWords } from '../use-error-words.ts';
import { useSendMessage } from './timeline-queries.ts';
import { useComposerText } from './use-composer-text.ts';

interface ComposerProps {
  readonly conversationId: string;
  readonly name: string;
  /** Runs before the first message of a request is sent. */
  readonly beforeSend: () => Promise<void>;
}

function useComposer({ conversationId, beforeSend }: ComposerProps) {
  const client = useChatClient();
  const words = useErrorWords();
  const { text, setText, clear, forgetDraft, putBack } = useComposerText(conversationId);
  const send = useSendMessage(conversationId);
  const [error, setError] = useState<string | null>(null);

  const submit = async () => {
    if (text.trim() === '') return;
    const unsent = text;
    setError(null);
    clear();
    try {
      await beforeSend();
      await send.mutateAsync({ text: unsent.trim(), onQueued: forgetDraft });
    } catch (failure) {
      putBack(unsent);
      setError(words(failure));
    }
  };
  const type = (typed: string): void => {
    setText(typed);
    if (typed.trim() !== '') client.conversations.typing(conversationId);
  };
  return { text, type, submit, error };
}

/** Draws the field to write in: Enter sends, Shift+Enter makes a line, and no failure loses the text. */
export function Composer(props: ComposerProps) {
  const t = useTranslations('composer');
  const { text, type, submit, error } = useComposer(props);
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  // The height follows the text, up to 40 % of the view.
  useLayoutEffect(() => {
    const area = field.current;
    if (area === null) return;
    area.style.blockSize = 'auto';
    area.style.blockSize = `${area.scrollHeight}px`;
  }, [text]);
  // On a device with a keyboard one writes at once; on a phone the keyboard would hide the chat.
  useEffect(() => {
    const area = field.current;
    if (area === null || !window.matchMedia('(pointer: fine)').matches) return;
    area.focus({ preventScroll: true });
    // A draft goes on where it ended.
    area.setSelectionRange(area.value.length, area.value.length);
  }, []);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void submit();
  };
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    void submit();
    field.current?.focus();
  };
  return (
    <form aria-label={t('form')} onSubmit={onSubmit} className="composer-foot shrink-0 px-3 pt-1 sm:px-5">
      <div role="alert" className="mx-auto max-w-4xl">
        {error === null ? null : (
          <p className="mb-2 flex items-start gap-2 px-1 text-sm text-danger">
            <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
            <span>{t('failed', { reason: error })}</span>
          </p>
        )}
      </div>
      <div className="composer-frame mx-auto flex max-w-4xl items-end rounded-3xl border border-line-strong bg-bg ps-1 pe-1">
        <textarea
          ref={field}
          id={id}
          rows={1}
          aria-label={t('label', { name: props.name })}
          aria-describedby={`${id}-hint`}
          placeholder={t('placeholder')}
          enterKeyHint="send"
          value={text}
          onChange={(event) => type(event.target.value)}
          onKeyDown={onKeyDown}
          className="thin-scroll max-h-[40dvh] min-h-11.5 min-w-0 flex-1 resize-none rounded-3xl bg-transparent px-3.5 py-[0.6875rem] leading-6 placeholder:text-muted"
        />
        <span id={`${id}-hint`} className="sr-only">
          {t('hint')}
        </span>
        <button
          type="submit"
          aria-label={t('send')}
          title={t('send')}
          disabled={text.trim() === ''}
          className="mb-[0.1875rem] inline-flex size-10 shrink-0 items-center justify-center rounded-full bg-accent text-on-accent transition-[background-color,filter] duration-120 hover:brightness-110 disabled:bg-s2 disabled:text-muted disabled:hover:brightness-100"
        >
          <SendHorizontal aria-hidden="true" className="size-5 rtl:rotate-180" />
        </button>
      </div>
    </form>
  );
}
