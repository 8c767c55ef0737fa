/** Each waits with a body of up to 1 MiB, and a domain that answers slowly on purpose keeps them for 30 s and more. */
const MAX_WAITING_STRANGERS = 32;

/** Bounds how many strangers wait for what is learnt of one domain. A stranger is a request that is not authenticated. */
export interface WaitingStrangers {
  /** Marks work as something that a lookup may have to wait for, and gives it back. */
  whilePending<Value>(work: Promise<Value>): Promise<Value>;
  /** Makes a stranger's lookup, or gives `crowded` while something is pending and 32 are there already. */
  admit<Answer>(lookUp: () => Promise<Answer>): Promise<Answer | 'crowded'>;
}

/** Creates the bound for one domain; nobody is turned away who need not wait. @see docs/protocol.md [KEY-5] [API-10] */
export function createWaitingStrangers(): WaitingStrangers {
  let pending = 0;
  let strangers = 0;
  return {
    async whilePending(work) {
      pending += 1;
      try {
        return await work;
      } finally {
        pending -= 1;
      }
    },
    async admit(lookUp) {
      if (pending > 0 && strangers >= MAX_WAITING_STRANGERS) return 'crowded';
      strangers += 1;
      try {
        return await lookUp();
      } finally {
        strangers -= 1;
      }
    },
  };
}
