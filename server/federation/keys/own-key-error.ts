const FAULTS = {
  missing: 'There is no federation key; make one with `securechat keys generate`.',
  unreadable: 'The federation key file cannot be read or written.',
  not_ed25519: 'The federation key is not an Ed25519 private key in PKCS#8 PEM.',
  not_distinct: 'The federation keys are not 1 to 8 different ones.',
  bad_schedule: 'The federation key file names a time that is none; a time reads like 2030-01-31T12:00:00.000Z.',
  busy: 'Another command is changing the federation keys; if there is none, delete federation-key.lock in the data folder.',
  next_listed: 'A next key is listed already and does not sign yet: `securechat keys show` says from when; rotate again after that.',
  too_many: 'Eight keys are listed, which is the most: rotate again when one of them is out.',
} as const;

/** Says why there is no usable federation key or none may follow, in the closed `code`; nothing of a key is in it. */
export class OwnKeyError extends Error {
  override readonly name = 'OwnKeyError';
  readonly code: keyof typeof FAULTS;

  constructor(code: keyof typeof FAULTS, options?: ErrorOptions) {
    super(FAULTS[code], options);
    this.code = code;
  }
}
