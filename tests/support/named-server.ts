import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { findTool } from '../../scripts/find-tool.ts';
import { startForegroundTool } from './foreground-tool.ts';
import { promisePort } from './port-range.ts';

/** A query as BIND's query log tells of it. */
interface LoggedQuery {
  readonly name: string;
  readonly type: string;
  readonly transport: 'udp' | 'tcp';
}

/** A real `named` of BIND 9 on loopback. */
export interface NamedServer {
  readonly host: string;
  readonly port: number;
  /** What it was asked, oldest first; BIND writes a line before it answers. */
  queries(): Promise<readonly LoggedQuery[]>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

interface NamedOptions {
  /** The text of a zone file by the name of the zone; `$ORIGIN` is the zone. */
  readonly zones?: Readonly<Record<string, string>>;
  /** Makes it a resolver that asks the server at this port, and nobody else in the world. */
  readonly forwardTo?: number;
  /** Lines of a `trust-anchors` block by which a resolver validates; without any it validates nothing. */
  readonly trustAnchors?: readonly string[];
}

const HOST = '127.0.0.1';

/** Starts `named` and waits until it serves. */
export async function startNamed({ zones = {}, forwardTo, trustAnchors = [] }: NamedOptions): Promise<NamedServer> {
  const program = await findTool('named');
  const folder = await mkdtemp(join(tmpdir(), 'securechat-named-'));
  const port = await promisePort();
  const parts = [
    optionsBlock({ folder, port, forwardTo, validates: trustAnchors.length > 0 }),
    ...(trustAnchors.length > 0 ? [`trust-anchors { ${trustAnchors.join(' ')} };`] : []),
    ...Object.keys(zones).map((zone) => `zone "${zone}" { type primary; file "${zone}.zone"; };`),
  ];
  await writeFile(join(folder, 'named.conf'), parts.join('\n'));
  for (const [zone, text] of Object.entries(zones)) await writeFile(join(folder, `${zone}.zone`), text);
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const log = (): Promise<string> => readFile(join(folder, 'named.log'), 'utf8').catch(() => '');
  const named = await startForegroundTool({
    command: [program, '-f', '-c', join(folder, 'named.conf')],
    logFile: join(folder, 'output.log'),
    isReady: async () => expect(await log()).toMatch(/^running$/m),
  }).catch(async (cause: unknown) => {
    const told = await log();
    await removeFolder();
    throw new Error(`named did not start.\n${told}`, { cause });
  });
  return {
    host: HOST,
    port,
    queries: async () => readQueries(await readFile(join(folder, 'queries.log'), 'utf8').catch(() => '')),
    async stop() {
      await named.end();
      await removeFolder();
    },
  };
}

function optionsBlock(options: { readonly folder: string; readonly port: number; readonly forwardTo: number | undefined; readonly validates: boolean }): string {
  const { folder, port, forwardTo, validates } = options;
  return `
options {
  directory "${folder}"; managed-keys-directory "${folder}";
  pid-file none; lock-file none; session-keyfile none;
  listen-on port ${port} { ${HOST}; }; listen-on-v6 { none; };
  ${forwardTo === undefined ? 'recursion no;' : `recursion yes; forward only; forwarders { ${HOST} port ${forwardTo}; };`}
  dnssec-validation ${validates ? 'yes' : 'no'};
  notify no; empty-zones-enable no; querylog yes;
};
controls { };
logging {
  channel everything { file "${folder}/named.log"; severity info; };
  channel queries { file "${folder}/queries.log"; severity info; };
  category default { everything; };
  category queries { queries; };
};`;
}

/** Reads lines such as `client @0x7f 127.0.0.1#4711 (a.test): query: a.test IN SRV +E(0)T (127.0.0.1)`. */
function readQueries(text: string): readonly LoggedQuery[] {
  return [...text.matchAll(/ query: (\S+) IN (\S+) [+-](\S*) \(/g)].map(([, name = '', type = '', flags = '']) => ({
    name: name.toLowerCase(),
    type,
    transport: flags.replace(/E\(\d+\)/, '').includes('T') ? 'tcp' : 'udp',
  }));
}
