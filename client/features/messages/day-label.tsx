'use client';
import { useFormatter, useNow, useTranslations } from 'use-intl';

function sameDay(one: Date, other: Date): boolean {
  return one.toDateString() === other.toDateString();
}

/** Draws the date above the messages of a day; it stays at the top while they pass under it. */
export function DayLabel({ date }: { date: Date }) {
  const t = useTranslations('chat');
  const format = useFormatter();
  const now = useNow({ updateInterval: 60_000 });
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  const words = sameDay(date, now)
    ? t('today')
    : sameDay(date, yesterday)
      ? t('yesterday')
      : format.dateTime(date, { weekday: 'long', day: 'numeric', month: 'long', ...(date.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' }) });
  return (
    <p className="sticky top-2 z-10 mx-auto my-4 w-fit rounded-full bg-s2 px-3 py-1 text-xs font-medium text-muted shadow-[0_1px_3px_rgb(0_0_0/0.12)] ring-1 ring-bg">
      {words}
    </p>
  );
}
