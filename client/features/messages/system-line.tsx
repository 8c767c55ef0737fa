'use client';
import { KeyRound, ShieldAlert } from 'lucide-react';
import { useFormatter, useTranslations } from 'use-intl';
import type { SystemLineView } from '../../model.ts';
import { useMe } from '../account/account-context.tsx';
import { splitUserId } from '../contacts/address-input.ts';

function useSystemWords(): (line: SystemLineView) => string {
  const t = useTranslations('system');
  const format = useFormatter();
  const me = useMe();
  const nameOf = (userId: string): string => {
    const { username, domain } = splitUserId(userId);
    return domain === me.domain ? username : userId;
  };
  return (line) => {
    const byYou = line.actorId === me.userId;
    const actor = byYou ? t('you') : nameOf(line.actorId);
    const subjects = format.list(line.subjectIds.map((userId) => (userId === me.userId ? t('youObject') : nameOf(userId))));
    switch (line.kind) {
      case 'created':
        return byYou ? t('createdByYou') : t('created', { actor });
      case 'added':
        return byYou ? t('addedByYou', { subjects }) : t('added', { actor, subjects });
      case 'removed':
        return byYou ? t('removedByYou', { subjects }) : t('removed', { actor, subjects });
      case 'left':
      case 'owner_left':
        return byYou ? t(`${line.kind}ByYou`) : t(line.kind, { actor });
      case 'refused_change':
        return t('refused_change', { actor });
      case 'key_reset':
        return t('key_reset', { actor: subjects === '' ? actor : subjects });
      case 'rotated':
      case 'unverified':
        return t(line.kind);
    }
  };
}

/** Draws a change of the chat as a quiet centred line; what touches trust carries a sign. */
export function SystemLine({ line }: { line: SystemLineView }) {
  const words = useSystemWords()(line);
  const grave = line.kind === 'refused_change' || line.kind === 'unverified';
  return (
    <p data-system-line={line.kind} className="mx-auto my-3 flex max-w-[52ch] items-start justify-center gap-1.5 px-4 text-center text-sm text-muted">
      {grave ? <ShieldAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-warn" /> : null}
      {line.kind === 'key_reset' ? <KeyRound aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-warn" /> : null}
      <span className="wrap-anywhere">{words}</span>
    </p>
  );
}
