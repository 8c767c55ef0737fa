'use client';
import { useCallback } from 'react';
import { useTranslations } from 'use-intl';
import type { LookupOutcome } from '../../model.ts';
import { useMe } from '../account/account-context.tsx';
import type { AddressInput } from './address-input.ts';

/** Gives the sentence for an address that cannot be one, null for a good one. */
export function useAddressWords(): (input: AddressInput) => string | null {
  const t = useTranslations('address');
  const { domain } = useMe();
  return useCallback(
    (input: AddressInput) => {
      switch (input.kind) {
        case 'address':
          return null;
        case 'missing_at':
          return t('missing_at', { text: input.part, domain });
        case 'bad_username':
        case 'bad_domain':
          return t(input.kind, { part: input.part });
        default:
          return t(input.kind);
      }
    },
    [t, domain],
  );
}

/** Gives the sentence for a look-up that found nobody to write to, null where it did; names the domain whose side it is. */
export function useOutcomeWords(): (outcome: LookupOutcome, address: string) => string | null {
  const t = useTranslations('outcome');
  return useCallback(
    (outcome: LookupOutcome, address: string) => {
      if (outcome.kind === 'found') return null;
      return t(outcome.kind, { address, domain: 'domain' in outcome ? outcome.domain : '' });
    },
    [t],
  );
}
