'use client';
import { useState, type SubmitEvent } from 'react';
import { toast } from 'sonner';
import { useTranslations } from 'use-intl';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { useChatClient } from '../chat-client-context.tsx';
import { useErrorWords } from '../use-error-words.ts';
import { useConversationChange } from './conversation-queries.ts';

/** Lets a person give the chat a name that no other person and no server sees. */
export function PrivateLabel({ conversationId, label }: { conversationId: string; label: string | null }) {
  const t = useTranslations();
  const client = useChatClient();
  const words = useErrorWords();
  const [text, setText] = useState(label ?? '');
  const save = useConversationChange(conversationId, (next: string | null) => client.conversations.setLabel(conversationId, next));
  const trimmed = text.trim();
  const changed = trimmed !== (label ?? '');
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (changed && !save.isPending) save.mutate(trimmed === '' ? null : trimmed, { onSuccess: () => toast.success(t('details.labelSaved')) });
  };
  return (
    <form onSubmit={submit}>
      <TextField
        label={t('details.label')}
        help={t('details.labelHelp')}
        value={text}
        maxLength={80}
        autoComplete="off"
        error={save.isError ? words(save.error) : null}
        onChange={(event) => setText(event.target.value)}
        trailing={
          changed ? (
            <Button type="submit" variant="quiet" busy={save.isPending} className="me-1">
              {t('action.save')}
            </Button>
          ) : null
        }
      />
    </form>
  );
}
