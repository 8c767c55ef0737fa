/** The next domain with receipts to tell after the one of `after`, of which there is none without receipts. */
export const nextReceiptDestination = (after: string): string =>
  `(SELECT r.destination FROM receipt_dues r WHERE r.destination > ${after} ORDER BY r.destination LIMIT 1)`;

/** Since when a domain has receipts to tell, null where it has none. */
export const receiptsDueSince = (domain: string): string =>
  `(SELECT r.due_since FROM receipt_dues r WHERE r.destination = ${domain} ORDER BY r.destination LIMIT 1)`;
