'use client';
import { useCallback } from 'react';
import { useTranslations } from 'use-intl';
import { useInstance } from './account/account-queries.ts';
import { clientErrorCode } from './client-error-code.ts';

/** Gives the sentence for a failed client action, naming the own server where it is its side. */
export function useErrorWords(): (error: unknown) => string {
  const t = useTranslations('clientError');
  const domain = useInstance().data?.domain ?? (typeof window === 'undefined' ? '' : window.location.hostname);
  return useCallback((error: unknown) => t(clientErrorCode(error), { domain }), [t, domain]);
}
