import type { OpenAccount } from '../keystore/keystore.ts';
import type { ChatClient, SignedIn } from '../model.ts';
import { callInstance, clientErrorOf } from '../trpc/instance-error.ts';
import type { Session } from './session.ts';
import { register, signIn } from './sign-in.ts';
import type { SignInParts } from './sign-in.ts';

/** What the account needs of the client around it: its session, opened and ended. */
interface AccountParts extends SignInParts {
  readonly open: (account: OpenAccount) => SignedIn;
  readonly close: () => void;
  readonly within: <Result>(task: (session: Session) => Promise<Result>) => Promise<Result>;
  readonly current: () => SignedIn | null;
}

/** Creates the account side of the client. @see docs/protocol.md [E2E-11] */
export function createAccount(parts: AccountParts): ChatClient['account'] {
  const { api, credentials, keystore, open, close, within } = parts;
  return {
    instance: () => callInstance(api.instance.info.query()),
    async register(input) {
      const { account, recoveryKey } = await register(parts, input);
      return { userId: open(account).userId, recoveryKey };
    },
    signIn: async (input) => open(await signIn(parts, input)),
    restore: async () => {
      const account = await keystore.findAccount();
      if (account === null) return null;
      if (await hasEnded(parts, account)) {
        await keystore.wipe();
        return null;
      }
      return open(account);
    },
    current: parts.current,
    async signOut() {
      close();
      // Without the server this device forgets everything all the same; the session then ends by its age.
      await credentials.signOut().catch(() => undefined);
      await keystore.wipe();
    },
    privacy: () => within((session) => session.privacy()),
    setPrivacy: (privacy) => within((session) => session.setPrivacy(privacy)),
    resetIdentity: () =>
      within(async (session) => {
        await session.resetIdentity();
        const account = await keystore.findAccount();
        // Everything that was verified with the former keys is verified anew with these.
        if (account !== null) open(account);
      }),
  };
}

/** Asks whether the session still is this account's; a server that cannot be reached is no reason to forget. */
async function hasEnded({ api }: SignInParts, account: OpenAccount): Promise<boolean> {
  try {
    return (await callInstance(api.account.me.query())).userId !== account.userId;
  } catch (thrown) {
    return clientErrorOf(thrown).code === 'signed_out';
  }
}
