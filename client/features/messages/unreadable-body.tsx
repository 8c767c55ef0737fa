'use client';
import { LockKeyhole } from 'lucide-react';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import type { UnreadableReason } from '../../model.ts';

interface UnreadableBodyProps {
  readonly reason: UnreadableReason;
  readonly onInfo: () => void;
  readonly onDetails: () => void;
  readonly onCheckAgain: () => void;
}

/** Stands in for a message that cannot be read: says why and offers one thing to do. @see docs/protocol.md [E2E-8] */
export function UnreadableBody({ reason, onInfo, onDetails, onCheckAgain }: UnreadableBodyProps) {
  const t = useTranslations('unreadable');
  const [explained, setExplained] = useState(false);
  const actions: Readonly<Record<UnreadableReason, () => void>> = {
    no_key_yet: onCheckAgain,
    before_you_joined: () => setExplained(!explained),
    bad_signature: onDetails,
    bad_envelope: onInfo,
    wrong_membership: onDetails,
    unknown_version: () => window.location.reload(),
    corrupt: onInfo,
    unverified_sender: onDetails,
  };
  return (
    <div data-unreadable={reason}>
      <p className="flex items-center gap-1.5 font-medium">
        <LockKeyhole aria-hidden="true" className="size-4 shrink-0 text-muted" />
        {t('title')}
      </p>
      <p className="text-[0.9375rem] text-muted">{t(`${reason}.why`)}</p>
      <button
        type="button"
        aria-expanded={reason === 'before_you_joined' ? explained : undefined}
        onClick={actions[reason]}
        className="min-h-6 rounded text-[0.9375rem] font-semibold text-accent underline decoration-1 underline-offset-4"
      >
        {t(`${reason}.action`)}
      </button>
      {explained ? <p className="text-[0.9375rem] text-muted">{t('joinedNote')}</p> : null}
    </div>
  );
}
