import { LoaderCircle } from 'lucide-react';

/** Draws a small turning circle; the words beside it say what is awaited. */
export function Spinner() {
  return <LoaderCircle aria-hidden="true" className="size-4 shrink-0 animate-spin" />;
}
