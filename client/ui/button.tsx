import type { ComponentProps } from 'react';
import { classNames } from './class-names.ts';
import { Spinner } from './spinner.tsx';

const VARIANTS = {
  primary: 'bg-accent text-on-accent hover:brightness-110 active:brightness-95',
  secondary: 'border border-line-strong bg-bg text-text hover:bg-s2',
  quiet: 'text-accent hover:bg-s2',
  danger: 'bg-danger text-bg hover:brightness-110 active:brightness-95',
  dangerQuiet: 'text-danger hover:bg-s2',
} as const;

interface ButtonProps extends ComponentProps<'button'> {
  readonly variant?: keyof typeof VARIANTS;
  readonly busy?: boolean;
}

/** Draws a button with a word on it; while `busy` it stays focusable, shows a spinner and does nothing. */
export function Button({ variant = 'secondary', busy = false, className, children, onClick, type = 'button', ...rest }: ButtonProps) {
  return (
    <button
      type={busy ? 'button' : type}
      aria-disabled={busy || rest.disabled || undefined}
      onClick={busy ? undefined : onClick}
      className={classNames(
        'inline-flex min-h-10 select-none items-center justify-center gap-2 rounded-xl px-4 py-2 text-[0.9375rem] font-semibold leading-5',
        'transition-[background-color,filter] duration-120 ease-out disabled:cursor-not-allowed disabled:opacity-50 disabled:hover:brightness-100',
        VARIANTS[variant],
        className,
      )}
      {...rest}
    >
      {busy ? <Spinner /> : null}
      {children}
    </button>
  );
}

interface IconButtonProps extends ComponentProps<'button'> {
  /** The accessible name, also shown as the tooltip. */
  readonly label: string;
}

/** Draws a square button that shows only an icon and is named by `label`. */
export function IconButton({ label, className, children, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={classNames(
        'inline-flex size-10 shrink-0 items-center justify-center rounded-xl text-muted transition-colors duration-120 ease-out',
        'hover:bg-s2 hover:text-text disabled:cursor-not-allowed disabled:opacity-50',
        className,
      )}
      {...rest}
    >
      {children}
    </button>
  );
}
