'use client';
import { UserMinus } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import { useTranslations } from 'use-intl';
import type { ParticipantView } from '../../model.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { IconButton } from '../../ui/button.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { useChatClient } from '../chat-client-context.tsx';
import { splitUserId } from '../contacts/address-input.ts';
import { SafetyNumber } from '../contacts/safety-number.tsx';
import { useErrorWords } from '../use-error-words.ts';
import { useConversationChange } from './conversation-queries.ts';

interface ParticipantRowProps {
  readonly conversationId: string;
  readonly participant: ParticipantView;
  readonly ownDomain: string;
  readonly mayRemove: boolean;
}

/** Draws one person of a chat: full address, role, safety number, and the way to remove them where that is allowed. */
export function ParticipantRow({ conversationId, participant, ownDomain, mayRemove }: ParticipantRowProps) {
  const t = useTranslations('details');
  const { userId, role, self, accepted } = participant;
  const { username, domain } = splitUserId(userId);
  return (
    <li className="grid grid-cols-[auto_minmax(0,1fr)_auto] items-start gap-x-3" data-user-id={userId}>
      <Avatar userId={userId} ownDomain={ownDomain} />
      <div className="min-w-0">
        <p className="leading-5.5 wrap-anywhere">
          <span className="font-medium">{username}</span>
          <span className="text-muted">@{domain}</span>
        </p>
        <p className="text-sm text-muted">
          {t(`role.${role}`)}
          {self ? ` · ${t('you')}` : ''}
          {self || !accepted ? null : ` · ${t('accepted')}`}
        </p>
      </div>
      {mayRemove ? <RemovePerson conversationId={conversationId} userId={userId} /> : null}
      {self ? null : <SafetyNumber userId={userId} />}
    </li>
  );
}

function RemovePerson({ conversationId, userId }: { conversationId: string; userId: string }) {
  const t = useTranslations('details');
  const client = useChatClient();
  const words = useErrorWords();
  const [asking, setAsking] = useState(false);
  const remove = useConversationChange(conversationId, () => client.conversations.removeParticipant(conversationId, userId));
  const confirm = () =>
    remove.mutate(undefined, {
      onSuccess: () => {
        setAsking(false);
        toast.success(t('removed', { address: userId }));
      },
    });
  return (
    <>
      <IconButton label={t('removePerson', { address: userId })} onClick={() => setAsking(true)} className="-me-2 hover:text-danger">
        <UserMinus aria-hidden="true" className="size-5" />
      </IconButton>
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title={t('removeTitle', { address: userId })}
        text={t('removeText')}
        confirm={t('removeConfirm')}
        busy={remove.isPending}
        error={remove.isError ? words(remove.error) : null}
        onConfirm={confirm}
      />
    </>
  );
}
