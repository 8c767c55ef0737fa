'use client';
import { ArrowLeft, LockKeyhole, UserPlus, X } from 'lucide-react';
import Link from 'next/link';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import type { ConversationView } from '../../model.ts';
import { Button } from '../../ui/button.tsx';
import { useMe } from '../account/account-context.tsx';
import { AddPersonDialog } from './add-person-dialog.tsx';
import { ConversationAvatar } from './conversation-avatar.tsx';
import { chatPath, type ConversationName } from './conversation-name.ts';
import { ParticipantRow } from './participant-row.tsx';
import { PrivateLabel } from './private-label.tsx';

interface DetailsPaneProps {
  readonly conversation: ConversationView;
  readonly name: ConversationName;
  /** Whether the chat is not shown beside it. */
  readonly alone: boolean;
}

/** Shows who is in a chat and lets owners and admins change that; on narrow screens it takes the place of the chat. */
export function DetailsPane({ conversation, name, alone }: DetailsPaneProps) {
  const t = useTranslations('details');
  const me = useMe();
  const [adding, setAdding] = useState(false);
  const own = conversation.participants.find((each) => each.self);
  const mayChange = conversation.standing === 'member' && (own?.role === 'owner' || own?.role === 'admin');
  const SectionTitle = alone ? 'h2' : 'h3';
  const Pane = alone ? 'main' : 'aside';
  return (
    <Pane id={alone ? 'content' : undefined} aria-label={t('title')} className="flex min-h-0 w-full flex-col bg-bg lg:w-[22.5rem] lg:shrink-0 lg:border-s lg:border-s2">
      <DetailsHeader conversationId={conversation.conversationId} alone={alone} />
      <div className="thin-scroll mx-auto flex min-h-0 w-full max-w-xl flex-1 flex-col gap-7 overflow-y-auto px-5 pt-6 pb-10">
        <div className="flex flex-col items-center gap-3 text-center">
          <ConversationAvatar name={name} size="large" />
          <p className="text-xl font-semibold wrap-anywhere">{name.title}</p>
        </div>
        <PrivateLabel key={conversation.label ?? ''} conversationId={conversation.conversationId} label={conversation.label} />
        <section aria-label={t('people')}>
          <div className="mb-2 flex min-h-10 items-center justify-between gap-2">
            <SectionTitle className="font-semibold">{t('people')}</SectionTitle>
            {mayChange ? (
              <Button variant="quiet" onClick={() => setAdding(true)} className="-me-2 px-3">
                <UserPlus aria-hidden="true" className="size-4.5" />
                {t('addPerson')}
              </Button>
            ) : null}
          </div>
          <ul className="flex flex-col gap-4">
            {conversation.participants.map((participant) => (
              <ParticipantRow key={participant.userId} conversationId={conversation.conversationId} participant={participant} ownDomain={me.domain} mayRemove={mayChange && !participant.self && participant.role !== 'owner'} />
            ))}
          </ul>
        </section>
        <p className="flex items-start gap-2 text-sm text-muted">
          <LockKeyhole aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
          {t('encryption')}
        </p>
      </div>
      <AddPersonDialog conversation={conversation} open={adding} onOpenChange={setAdding} />
    </Pane>
  );
}

function DetailsHeader({ conversationId, alone }: { conversationId: string; alone: boolean }) {
  const t = useTranslations();
  const Title = alone ? 'h1' : 'h2';
  return (
    <div className="flex h-14 shrink-0 items-center gap-1 border-b border-s2 px-2 lg:ps-5">
      <Link href={chatPath(conversationId)} replace aria-label={t('nav.back')} className="inline-flex size-10 items-center justify-center rounded-xl text-muted hover:bg-s2 lg:hidden">
        <ArrowLeft aria-hidden="true" className="size-5 rtl:rotate-180" />
      </Link>
      <Title className="flex-1 font-semibold">{t('details.title')}</Title>
      <Link href={chatPath(conversationId)} replace aria-label={t('details.close')} className="hidden size-10 items-center justify-center rounded-xl text-muted hover:bg-s2 lg:inline-flex">
        <X aria-hidden="true" className="size-5" />
      </Link>
    </div>
  );
}
