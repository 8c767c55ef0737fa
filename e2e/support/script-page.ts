import { createServer } from 'node:http';
import { build } from 'esbuild';

/** One script bundled for browsers: its text, and the files that went into it by their paths from the root. */
export interface BrowserBundle {
  readonly text: string;
  readonly inputs: readonly string[];
}

/** Bundles a file for browsers without offering it anything of Node; `globalName` is where its exports are found. */
export async function bundleForBrowser(entry: string, globalName: string): Promise<BrowserBundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry], globalName, format: 'iife', platform: 'browser', target: 'es2022',
    bundle: true, write: false, metafile: true, logLevel: 'silent',
  });
  return { text: outputFiles[0]?.text ?? '', inputs: Object.keys(metafile.inputs) };
}

/**
 * Serves a page that runs one script, on loopback, which browsers count as a secure context. Like the pages of the
 * product it may run no other script and evaluate no text.
 */
export async function serveScriptPage(script: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    const isScript = request.url === '/script.js';
    response.writeHead(200, {
      'content-type': isScript ? 'text/javascript; charset=utf-8' : 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; script-src 'self'",
    });
    response.end(isScript ? script : '<!doctype html><title>Vectors</title><script src="/script.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The page has no port.');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
