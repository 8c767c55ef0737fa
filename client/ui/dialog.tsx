'use client';
import { X } from 'lucide-react';
import { Dialog as RadixDialog } from 'radix-ui';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { IconButton } from './button.tsx';

interface DialogProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: string;
  readonly description?: string;
  readonly children: ReactNode;
  /** Takes the focus back when the dialog closes; without it the opener does. */
  readonly onClosed?: () => void;
}

/** Opens a modal panel over the page: at the bottom edge on phones, centred elsewhere; Escape and the cross close it. */
export function Dialog({ open, onOpenChange, title, description, children, onClosed }: DialogProps) {
  const t = useTranslations('nav');
  return (
    <RadixDialog.Root open={open} onOpenChange={onOpenChange}>
      <RadixDialog.Portal>
        <RadixDialog.Overlay className="overlay fixed inset-0 z-40 bg-black/45" />
        <RadixDialog.Content
          className="panel dialog-panel bg-bg text-text"
          {...(description === undefined ? { 'aria-describedby': undefined } : {})}
          onCloseAutoFocus={(event) => {
            if (onClosed === undefined) return;
            event.preventDefault();
            onClosed();
          }}
        >
          <div className="flex items-start gap-3">
            <RadixDialog.Title className="min-w-0 flex-1 text-lg font-semibold leading-10 wrap-anywhere">{title}</RadixDialog.Title>
            <RadixDialog.Close asChild>
              <IconButton label={t('close')} className="-me-2">
                <X aria-hidden="true" className="size-5" />
              </IconButton>
            </RadixDialog.Close>
          </div>
          {description === undefined ? null : (
            <RadixDialog.Description className="mb-4 text-[0.9375rem] text-muted">{description}</RadixDialog.Description>
          )}
          {children}
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}
