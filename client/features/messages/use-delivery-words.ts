'use client';
import { useCallback } from 'react';
import { useFormatter, useTranslations } from 'use-intl';
import type en from '../../ui/messages/en.json';
import enMessages from '../../ui/messages/en.json';
import type { DeliverySummary } from './delivery-state.ts';
import { deliveryWords } from './delivery-words.ts';

type DeliveryErrorKey = keyof typeof en.deliveryError;

function isKnownError(code: string): code is DeliveryErrorKey {
  return Object.hasOwn(enMessages.deliveryError, code);
}

/** Gives the words for the state of an own message, naming the domains or the people meant. */
export function useDeliveryWords(): (summary: DeliverySummary, rejected: boolean) => string {
  const t = useTranslations('delivery');
  const format = useFormatter();
  return useCallback((summary, rejected) => deliveryWords({ t, list: (named) => format.list(named) }, summary, rejected), [t, format]);
}

/** Gives the sentence for why a domain does not have a message yet; codes without one are named as they are. */
export function useDeliveryErrorWords(): (code: string, domain: string) => string {
  const t = useTranslations('deliveryError');
  return useCallback((code: string, domain: string) => (isKnownError(code) ? t(code, { domain, code }) : t('other', { domain, code })), [t]);
}
