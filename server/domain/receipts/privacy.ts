import type { UserId } from '../../../protocol/ids.ts';

/** What a person lets others see of them; who does not tell is not told either. */
interface Privacy {
  /** That messages are on a device, and that they are read. */
  readonly receipts: boolean;
  /** That they are writing. */
  readonly typing: boolean;
}

/** Keeps what local users let others see. */
export interface PrivacyStore {
  /** Gives what this user chose; both are on until they say otherwise. */
  find(userId: UserId): Promise<Privacy>;
  /** Notes what this user chose; receipts that no peer was told yet are withdrawn with the choice against them. */
  save(userId: UserId, privacy: Privacy): Promise<void>;
}
