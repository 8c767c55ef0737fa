'use client';
import './globals.css';

/** Stands in when even the frame of the app stopped; it can rely on no provider, so it speaks both languages. */
export default function GlobalErrorPage({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <title>SecureChat</title>
        <main className="mx-auto flex max-w-md flex-col gap-3 p-8">
          <h1 className="text-lg font-semibold">SecureChat stopped working in this browser.</h1>
          <p>The fault is in the app, not on a server. Nothing you sent is lost.</p>
          <p lang="fr">SecureChat s’est arrêté dans ce navigateur. La faute est dans l’application, pas sur un serveur. Rien de ce que vous avez envoyé n’est perdu.</p>
          <button type="button" onClick={reset} className="min-h-11 rounded-xl bg-accent px-4 font-semibold text-on-accent">
            Retry · <span lang="fr">Réessayer</span>
          </button>
          <p className="text-sm text-muted select-all">{error.digest ?? error.name}</p>
        </main>
      </body>
    </html>
  );
}
