'use client';
import { useMutation } from '@tanstack/react-query';
import { ArrowLeft, Plus, X } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useState, type SubmitEvent } from 'react';
import { useTranslations } from 'use-intl';
import { Avatar } from '../../ui/avatar.tsx';
import { Button, IconButton } from '../../ui/button.tsx';
import { Spinner } from '../../ui/spinner.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { useMe } from '../account/account-context.tsx';
import { useChatClient } from '../chat-client-context.tsx';
import { AddressField } from '../contacts/address-field.tsx';
import { useFindPerson } from '../contacts/use-find-person.ts';
import { useErrorWords } from '../use-error-words.ts';
import { chatPath } from './conversation-name.ts';

interface OpenInput {
  readonly people: readonly string[];
  readonly label: string;
}

function useOpenChat() {
  const client = useChatClient();
  const router = useRouter();
  return useMutation({
    mutationFn: ({ people, label }: OpenInput) => client.conversations.open(people, label.trim() === '' ? undefined : label.trim()),
    onSuccess: ({ conversationId }) => router.replace(chatPath(conversationId)),
  });
}

/** Collects the people of a new chat: what is typed is looked up before anything is started. */
function useNewChat() {
  const t = useTranslations('newChat');
  const words = useErrorWords();
  const person = useFindPerson();
  const open = useOpenChat();
  const [typed, setTyped] = useState('');
  const [people, setPeople] = useState<readonly string[]>([]);
  const [label, setLabel] = useState('');

  const takeTyped = async (): Promise<readonly string[] | null> => {
    const userId = await person.find(typed);
    if (userId === null) return null;
    if (people.includes(userId)) {
      person.setError(t('already', { address: userId }));
      return null;
    }
    const all = [...people, userId];
    setPeople(all);
    // What was typed while this person was looked up is the next one.
    setTyped((now) => (now === typed ? '' : now));
    return all;
  };
  const start = async () => {
    const everybody = typed.trim() === '' && people.length > 0 ? people : await takeTyped();
    if (everybody !== null) open.mutate({ people: everybody, label });
  };
  const type = (text: string) => {
    person.setError(null);
    open.reset();
    setTyped(text);
  };
  const error = person.error ?? (open.isError ? words(open.error) : null);
  const busy = person.looking !== null || open.isPending;
  const takeOff = (userId: string) => setPeople(people.filter((each) => each !== userId));
  return { typed, type, people, takeOff, label, setLabel, takeTyped, start, error, busy, looking: person.looking, opening: open.isPending };
}

/** Starts a chat with one person, or a group with several, by their full addresses. */
export function NewChatScreen() {
  const t = useTranslations('newChat');
  const nav = useTranslations('nav');
  const app = useTranslations('app');
  const chat = useNewChat();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (chat.busy) return;
    // In a group Enter collects one person after the other; an empty field means that all are there.
    void (chat.people.length > 0 && chat.typed.trim() !== '' ? chat.takeTyped() : chat.start());
  };
  return (
    <main id="content" className="thin-scroll h-full overflow-y-auto">
      <title>{`${t('title')} · ${app('name')}`}</title>
      <div className="mx-auto flex max-w-xl flex-col px-5 pb-12 sm:px-8 sm:pt-8">
        <div className="flex h-14 items-center gap-1 sm:h-auto">
          <Link href="/chats" aria-label={nav('back')} className="-ms-2 inline-flex size-10 items-center justify-center rounded-xl text-muted hover:bg-s2 sm:hidden">
            <ArrowLeft aria-hidden="true" className="size-5 rtl:rotate-180" />
          </Link>
          <h1 className="text-xl font-semibold tracking-tight sm:text-2xl">{t('title')}</h1>
        </div>
        <p className="mt-1 mb-6 text-muted">{t('lead')}</p>
        <form onSubmit={submit} noValidate className="flex flex-col gap-5">
          <PeopleChosen people={chat.people} onTakeOff={chat.takeOff} />
          <AddressField value={chat.typed} onChange={chat.type} error={chat.error} autoFocus />
          {chat.people.length > 1 ? (
            <TextField label={t('label')} help={t('labelHelp')} value={chat.label} maxLength={80} autoComplete="off" onChange={(event) => chat.setLabel(event.target.value)} />
          ) : null}
          <div className="flex flex-wrap gap-2">
            <Button variant="primary" busy={chat.busy} onClick={() => void chat.start()} className="min-h-12 flex-1">
              {t('start')}
            </Button>
            <Button disabled={chat.busy || chat.typed.trim() === ''} onClick={() => void chat.takeTyped()} className="min-h-12">
              <Plus aria-hidden="true" className="size-4.5" />
              {t('add')}
            </Button>
          </div>
          <button type="submit" hidden aria-label={t('start')} />
        </form>
        <p role="status" className="mt-4 flex min-h-6 items-center gap-2 text-[0.9375rem] text-muted">
          {chat.busy ? <Spinner /> : null}
          {chat.looking !== null ? t('looking', { address: chat.looking }) : chat.opening ? t('opening') : null}
        </p>
      </div>
    </main>
  );
}

function PeopleChosen({ people, onTakeOff }: { people: readonly string[]; onTakeOff: (userId: string) => void }) {
  const t = useTranslations('newChat');
  const me = useMe();
  if (people.length === 0) return null;
  return (
    <ul aria-label={t('people')} className="flex flex-wrap gap-2">
      {people.map((userId) => (
        <li key={userId} className="flex max-w-full items-center gap-2 rounded-full bg-s2 ps-1">
          <Avatar userId={userId} ownDomain={me.domain} size="small" />
          <span className="truncate text-[0.9375rem] font-medium">{userId}</span>
          <IconButton label={t('remove', { address: userId })} onClick={() => onTakeOff(userId)} className="rounded-full">
            <X aria-hidden="true" className="size-4" />
          </IconButton>
        </li>
      ))}
    </ul>
  );
}
