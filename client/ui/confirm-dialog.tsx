'use client';
import { AlertDialog } from 'radix-ui';
import { useTranslations } from 'use-intl';
import { Button } from './button.tsx';

interface ConfirmDialogProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: string;
  readonly text: string;
  readonly confirm: string;
  readonly busy?: boolean;
  readonly error?: string | null;
  readonly onConfirm: () => void;
}

/** Asks before something that cannot be taken back; the safe answer has the focus first. */
export function ConfirmDialog({ open, onOpenChange, title, text, confirm, busy = false, error = null, onConfirm }: ConfirmDialogProps) {
  const t = useTranslations('action');
  return (
    <AlertDialog.Root open={open} onOpenChange={onOpenChange}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="overlay fixed inset-0 z-40 bg-black/45" />
        <AlertDialog.Content className="panel dialog-panel bg-bg text-text">
          <AlertDialog.Title className="text-lg font-semibold wrap-anywhere">{title}</AlertDialog.Title>
          <AlertDialog.Description className="mt-2 text-[0.9375rem] text-muted">{text}</AlertDialog.Description>
          <p role="alert" className="mt-2 text-sm text-danger empty:hidden">
            {error}
          </p>
          <div className="mt-6 flex flex-wrap justify-end gap-2">
            <AlertDialog.Cancel asChild>
              <Button>{t('cancel')}</Button>
            </AlertDialog.Cancel>
            <Button variant="danger" busy={busy} onClick={onConfirm}>
              {confirm}
            </Button>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
