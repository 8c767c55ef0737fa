'use client';
import { ScreenFault } from '../client/features/screen-fault.tsx';

/** Stands in for a screen that stopped working. */
export default function ErrorPage({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return <ScreenFault error={error} onRetry={reset} />;
}
