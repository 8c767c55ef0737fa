import Link from 'next/link';

/** Draws the link from one of the two account pages to the other. */
export function AuthLink({ href, text }: { href: string; text: string }) {
  return (
    <Link href={href} className="rounded font-semibold text-accent underline decoration-1 underline-offset-4">
      {text}
    </Link>
  );
}
