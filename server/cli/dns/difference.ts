/** One way in which what the world sees differs from what is to be published, with what to change. */
export interface Difference {
  readonly record: 'SRV' | 'TXT' | 'document';
  readonly problem: 'missing' | 'wrong_port' | 'wrong_target' | 'stale' | 'extra' | 'changed' | 'malformed' | 'differs' | 'unavailable';
  /** Of docs/protocol.md. */
  readonly clause: string;
  readonly detail: string;
  readonly fix: string;
}
