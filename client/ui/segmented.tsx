'use client';
import { RadioGroup } from 'radix-ui';
import type { ReactNode } from 'react';
import { classNames } from './class-names.ts';

interface SegmentedProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly options: readonly { readonly value: string; readonly label: ReactNode; readonly name?: string }[];
}

/** Draws a choice of a few as one row of radio buttons. */
export function Segmented({ label, value, onChange, options }: SegmentedProps) {
  return (
    <RadioGroup.Root aria-label={label} value={value} onValueChange={onChange} className="flex w-full gap-1 rounded-xl bg-s2 p-1">
      {options.map((option) => (
        <RadioGroup.Item
          key={option.value}
          value={option.value}
          aria-label={option.name}
          className={classNames(
            'flex min-h-10 flex-1 items-center justify-center gap-2 rounded-lg px-3 text-[0.9375rem] font-medium transition-colors duration-120',
            value === option.value ? 'bg-bg text-text shadow-sm dark:bg-bubble-out' : 'text-muted hover:text-text',
          )}
        >
          {option.label}
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}
