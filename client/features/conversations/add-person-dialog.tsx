'use client';
import { useState, type SubmitEvent } from 'react';
import { toast } from 'sonner';
import { useTranslations } from 'use-intl';
import type { ConversationView } from '../../model.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { useChatClient } from '../chat-client-context.tsx';
import { AddressField } from '../contacts/address-field.tsx';
import { useFindPerson } from '../contacts/use-find-person.ts';
import { useErrorWords } from '../use-error-words.ts';
import { useConversationChange } from './conversation-queries.ts';

interface AddPersonDialogProps {
  readonly conversation: ConversationView;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

/** Asks for the address of a person, looks them up, and adds them to the chat. */
export function AddPersonDialog({ conversation, open, onOpenChange }: AddPersonDialogProps) {
  const t = useTranslations('details');
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t('addTitle')} description={t('addLead')}>
      <AddPersonForm conversation={conversation} onDone={() => onOpenChange(false)} />
    </Dialog>
  );
}

function AddPersonForm({ conversation, onDone }: { conversation: ConversationView; onDone: () => void }) {
  const t = useTranslations('details');
  const looking = useTranslations('newChat');
  const client = useChatClient();
  const words = useErrorWords();
  const person = useFindPerson();
  const [typed, setTyped] = useState('');
  const { conversationId, participants } = conversation;
  const add = useConversationChange(conversationId, (userId: string) => client.conversations.addParticipant(conversationId, userId));
  const busy = person.looking !== null || add.isPending;

  const addTyped = async () => {
    const userId = await person.find(typed);
    if (userId === null) return;
    if (participants.some((each) => each.userId === userId)) return person.setError(t('alreadyIn', { address: userId }));
    add.mutate(userId, {
      onSuccess: () => {
        toast.success(t('added', { address: userId }));
        onDone();
      },
    });
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!busy) void addTyped();
  };
  const type = (text: string) => {
    person.setError(null);
    add.reset();
    setTyped(text);
  };
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4">
      <AddressField value={typed} onChange={type} error={person.error ?? (add.isError ? words(add.error) : null)} autoFocus />
      <Button type="submit" variant="primary" busy={busy} className="min-h-12">
        {looking('add')}
      </Button>
      <p role="status" className="min-h-6 text-sm text-muted">
        {person.looking !== null ? looking('looking', { address: person.looking }) : add.isPending ? t('adding') : null}
      </p>
    </form>
  );
}
