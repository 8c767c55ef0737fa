'use client';
import { useCallback } from 'react';
import { useFormatter, useTranslations } from 'use-intl';

const DAY_MS = 86_400_000;

/** Gives the short time of a list row: the clock today, "Yesterday", the weekday this week, else the date. */
export function useListTime(): (at: Date, now: Date) => string {
  const format = useFormatter();
  const t = useTranslations('chats');
  return useCallback(
    (at: Date, now: Date) => {
      const days = Math.round((startOfDay(now) - startOfDay(at)) / DAY_MS);
      if (days <= 0) return format.dateTime(at, { hour: 'numeric', minute: '2-digit' });
      if (days === 1) return t('yesterday');
      if (days < 7) return format.dateTime(at, { weekday: 'short' });
      return format.dateTime(at, { day: 'numeric', month: 'short', ...(at.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' }) });
    },
    [format, t],
  );
}

function startOfDay(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}
