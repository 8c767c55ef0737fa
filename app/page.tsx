'use client';
import { useRouter } from 'next/navigation';
import { useEffect } from 'react';
import { useAccount } from '../client/features/account/account-context.tsx';
import { RequireAccount } from '../client/features/account/require-account.tsx';
import { ShellSkeleton } from '../client/ui/skeleton.tsx';

/** Leads to the chats, or to the sign-in page where nobody is signed in. */
export default function StartPage() {
  const { state } = useAccount();
  const router = useRouter();
  const signedIn = state.kind === 'signed_in';
  // The address bar is outside React.
  useEffect(() => {
    if (signedIn) router.replace('/chats');
  }, [signedIn, router]);
  return (
    <RequireAccount>
      <ShellSkeleton />
    </RequireAccount>
  );
}
