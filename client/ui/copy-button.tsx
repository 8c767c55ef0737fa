'use client';
import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import { useTranslations } from 'use-intl';
import { Button, IconButton } from './button.tsx';

interface CopyButtonProps {
  readonly text: string;
  /** The accessible name; says what is copied. */
  readonly label: string;
  readonly iconOnly?: boolean;
}

/** Copies a text and says so, politely and in place. */
export function CopyButton({ text, label, iconOnly = false }: CopyButtonProps) {
  const t = useTranslations('action');
  const [copied, setCopied] = useState(false);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      toast.success(t('copied'));
    } catch {
      toast.error(t('copyFailed'));
    }
  };

  const Icon = copied ? Check : Copy;
  const leave = () => setCopied(false);
  if (iconOnly) {
    return (
      <IconButton label={label} onClick={() => void copy()} onBlur={leave}>
        <Icon aria-hidden="true" className="size-4.5" />
      </IconButton>
    );
  }
  return (
    <Button onClick={() => void copy()} onBlur={leave} aria-label={label}>
      <Icon aria-hidden="true" className="size-4.5" />
      {copied ? t('copied') : t('copy')}
    </Button>
  );
}
