'use client';
import { Copy, Info } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { toast } from 'sonner';
import { useTranslations } from 'use-intl';
import type { MessageView } from '../../model.ts';

/** Where and for which message the menu is open. */
interface OpenMenu {
  readonly message: MessageView;
  readonly x: number;
  readonly y: number;
}

interface MessageMenuProps {
  readonly open: OpenMenu;
  readonly onClose: () => void;
  /** Called when the menu has gone, to give the focus back. */
  readonly onClosed: () => void;
  readonly onInfo: (messageId: string) => void;
}

const ITEM = 'flex min-h-10 cursor-pointer items-center gap-3 rounded-lg px-3 text-[0.9375rem] outline-none select-none data-[highlighted]:bg-s2';

/** Opens the one menu of a timeline at the place of the message it was asked for. */
export function MessageMenu({ open, onClose, onClosed, onInfo }: MessageMenuProps) {
  const t = useTranslations('chat');
  const action = useTranslations('action');
  const { message } = open;
  const copy = async (text: string) => {
    try {
      await navigator.clipboard.writeText(text);
      toast.success(action('copied'));
    } catch {
      toast.error(action('copyFailed'));
    }
  };
  return (
    <DropdownMenu.Root open modal={false} onOpenChange={(next) => (next ? undefined : onClose())}>
      <DropdownMenu.Trigger asChild>
        <span aria-hidden="true" className="pointer-events-none fixed size-0" style={{ left: open.x, top: open.y }} />
      </DropdownMenu.Trigger>
        <DropdownMenu.Content
          aria-label={t('menu')}
          align="start"
          collisionPadding={12}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            onClosed();
          }}
          className="menu-panel z-40 min-w-48 rounded-xl border border-s2 bg-bg p-1 shadow-[0_0.5rem_2rem_rgb(0_0_0/0.18)]"
        >
          {message.body.kind === 'text' ? (
            <CopyItem label={t('copyText')} text={message.body.text} onCopy={copy} />
          ) : null}
          <DropdownMenu.Item className={ITEM} onSelect={() => onInfo(message.messageId)}>
            <Info aria-hidden="true" className="size-4.5 text-muted" />
            {t('info')}
          </DropdownMenu.Item>
        </DropdownMenu.Content>
    </DropdownMenu.Root>
  );
}

function CopyItem({ label, text, onCopy }: { label: string; text: string; onCopy: (text: string) => Promise<void> }) {
  return (
    <DropdownMenu.Item className={ITEM} onSelect={() => void onCopy(text)}>
      <Copy aria-hidden="true" className="size-4.5 text-muted" />
      {label}
    </DropdownMenu.Item>
  );
}
