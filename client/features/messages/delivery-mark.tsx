import { Check, CheckCheck, CircleCheck, Clock, Hourglass, TriangleAlert, type LucideIcon } from 'lucide-react';
import { classNames } from '../../ui/class-names.ts';
import type { DeliveryState } from './delivery-state.ts';
import { ReadTicks } from './read-ticks.ts';

/** The sign of each state; the words always go with it, as text or as its name. */
export const DELIVERY_ICONS: Readonly<Record<DeliveryState, LucideIcon>> = {
  sending: Clock,
  stored_here: Check,
  stored_there: CircleCheck,
  waiting_peer: Hourglass,
  on_device: CheckCheck,
  read: ReadTicks,
  needs_you: TriangleAlert,
};

/** The colour of each sign where it stands large, beside its words. */
export const ICON_COLOURS: Readonly<Record<DeliveryState, string>> = {
  sending: 'text-muted',
  stored_here: 'text-ok',
  stored_there: 'text-ok',
  waiting_peer: 'text-warn',
  on_device: 'text-ok',
  read: 'text-accent',
  needs_you: 'text-danger',
};

const COLOURS: Readonly<Record<DeliveryState, string>> = {
  sending: 'text-muted',
  stored_here: 'text-muted',
  stored_there: 'text-muted',
  waiting_peer: 'text-warn',
  on_device: 'text-muted',
  read: 'text-accent',
  needs_you: 'text-danger',
};

interface DeliveryMarkProps {
  readonly state: DeliveryState;
  readonly words: string;
  readonly showWords: boolean;
  readonly label: string;
  readonly onOpen: () => void;
}

/** Draws the state of an own message; a press tells all about its way. */
export function DeliveryMark({ state, words, showWords, label, onOpen }: DeliveryMarkProps) {
  const Icon = DELIVERY_ICONS[state];
  return (
    <button
      type="button"
      aria-label={label}
      title={words}
      onClick={onOpen}
      className={classNames('inline-flex min-h-6 min-w-6 items-center justify-center gap-1 rounded-md text-xs font-medium hover:underline',
        !showWords && '-my-1 -me-1.5',
        COLOURS[state],
      )}
    >
      {showWords ? <span>{words}</span> : null}
      <Icon aria-hidden="true" className="size-3.5 shrink-0" strokeWidth={2.4} />
    </button>
  );
}
