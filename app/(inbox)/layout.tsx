import type { ReactNode } from 'react';
import { InboxShell } from '../../client/features/conversations/inbox-shell.tsx';

/** Keeps the list of conversations beside the screens of a signed-in person. */
export default function InboxLayout({ children }: { children: ReactNode }) {
  return <InboxShell>{children}</InboxShell>;
}
