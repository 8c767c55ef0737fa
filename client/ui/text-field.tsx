import { CircleAlert } from 'lucide-react';
import { useId, type ComponentProps, type ReactNode } from 'react';
import { classNames } from './class-names.ts';

interface TextFieldProps extends Omit<ComponentProps<'input'>, 'id'> {
  readonly label: string;
  readonly help?: ReactNode;
  readonly error?: string | null;
  /** Stands inside the frame, behind what is typed. */
  readonly trailing?: ReactNode;
}

/** Draws a labelled input with its help and its error, both tied to it for assistive technology. */
export function TextField({ label, help, error, trailing, className, ...rest }: TextFieldProps) {
  const id = useId();
  const hasError = error !== null && error !== undefined;
  const describedBy = [help === undefined ? '' : `${id}-help`, hasError ? `${id}-error` : ''].join(' ').trim();
  return (
    <div className={classNames('flex flex-col gap-1.5', className)}>
      <label htmlFor={id} className="text-[0.9375rem] font-semibold">
        {label}
      </label>
      <div
        className={classNames(
          'field-frame flex min-h-12 items-center rounded-xl border bg-bg transition-colors duration-120',
          hasError ? 'border-danger' : 'border-line-strong',
        )}
      >
        <input
          id={id}
          aria-invalid={hasError || undefined}
          aria-describedby={describedBy === '' ? undefined : describedBy}
          className="min-w-0 flex-1 rounded-xl bg-transparent px-3.5 py-2.5 placeholder:text-muted"
          {...rest}
        />
        {trailing}
      </div>
      {help === undefined ? null : (
        <div id={`${id}-help`} className="text-sm text-muted">
          {help}
        </div>
      )}
      <div role="alert" id={`${id}-error`}>
        {hasError ? (
          <p className="flex items-start gap-1.5 text-sm text-danger">
            <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
            <span>{error}</span>
          </p>
        ) : null}
      </div>
    </div>
  );
}
