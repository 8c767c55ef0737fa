import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A zone signed with DNSSEC by BIND's own tools. */
interface SignedZone {
  readonly text: string;
  /** A line for the `trust-anchors` block of who shall believe it. */
  readonly trustAnchor: string;
}

/** Signs a zone with a key of its own (Ed25519, RFC 8080). */
export async function signZone(zone: string, text: string): Promise<SignedZone> {
  const folder = await mkdtemp(join(tmpdir(), 'securechat-dnssec-'));
  try {
    const { stdout } = await execute('dnssec-keygen', ['-q', '-a', 'ED25519', '-f', 'KSK', '-K', folder, zone]);
    const key = await readFile(join(folder, `${stdout.trim()}.key`), 'utf8');
    const source = join(folder, 'zone');
    await writeFile(source, text);
    await execute('dnssec-signzone', ['-q', '-z', '-S', '-K', folder, '-o', zone, '-f', `${source}.signed`, source], { cwd: folder });
    const [, numbers = '', base64 = ''] = /DNSKEY (\d+ \d+ \d+) (.+)$/m.exec(key) ?? [];
    return { text: await readFile(`${source}.signed`, 'utf8'), trustAnchor: `"${zone}" static-key ${numbers} "${base64}";` };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
