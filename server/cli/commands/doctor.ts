import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { Domain } from '../../../protocol/ids.ts';
import { readConfig } from '../../config/read-config.ts';
import type { Config } from '../../config/read-config.ts';
import { createStrictEd25519 } from '../../federation/keys/strict-ed25519.ts';
import { loadConfiguredKeys } from '../configured-keys.ts';
import type { Doctor } from '../doctor/examination.ts';
import { runDoctor } from '../doctor/run-doctor.ts';
import { findStoredPolicy } from '../doctor/stored-policy.ts';
import { describeStep, verdictOf } from '../doctor/verdict.ts';
import { EXIT, UsageError } from '../exit.ts';
import { openNetwork, randomFraction } from '../../network.ts';
import { printOutcome } from '../print.ts';
import { readDomain } from '../read-domain.ts';

interface DoctorOptions {
  readonly peer?: string;
  readonly json?: boolean;
}

/** Is what systemd-timesyncd leaves once it has set the clock by a time server. */
const SYNCHRONISED_MARK = '/run/systemd/timesync/synchronized';

const MORE = `
One line for each step: ok, warn, FAIL, or skip where an earlier fault is in the way. In brackets stands the clause of
docs/protocol.md. The last line names the fault and what to change.

Sent are requests for the key document, unsigned ones that every server refuses, and with --peer one signed request for
a user who does not exist. Nothing is stored but its nonce, at the peer. With --peer the database of this instance is
read for what \`securechat peers block\` and \`peers allow\` said; where it does not answer, that is a warning.

Exit codes: 0 all is well (warnings included), 1 a fault, 2 usage or configuration, 3 our own fault.`;

/** Adds `doctor`: what keeps other servers from talking with this one, and what to change. @see docs/operations.md */
export function addDoctorCommand(program: Command, setExitCode: (code: number) => void): void {
  program
    .command('doctor')
    .description('walk the way of other servers to this domain, and with --peer the way between the two, and name what is wrong')
    .option('--peer <domain>', 'walk through this domain too, and make a signed round trip with it')
    .option('--json', 'print one JSON object')
    .addHelpText('after', MORE)
    .action(async (options: DoctorOptions) => {
      const config = readConfig(process.env);
      const { domain } = config;
      const peer = options.peer === undefined ? null : readPeer(options.peer, domain);
      const steps = await runDoctor(await createDoctor(config), config, peer);
      const verdict = verdictOf({ domain, peer }, steps);
      if (steps.some(({ status }) => status === 'fail')) setExitCode(EXIT.bad);
      printOutcome(options, { json: { domain, peer, steps, verdict }, lines: [...steps.map((step) => describeStep({ domain, peer }, step)), verdict] });
    });
}

function readPeer(text: string, own: Domain): Domain {
  const peer = readDomain(text);
  if (peer === own) throw new UsageError('--peer names another domain; this one is looked at in any case.');
  return peer;
}

async function createDoctor(config: Config): Promise<Doctor> {
  return {
    network: openNetwork(config),
    clock: { now: () => new Date() },
    random: randomFraction,
    randomBytes,
    ed25519: createStrictEd25519(),
    ownKeys: await loadConfiguredKeys(config, { create: false }),
    staticPeers: new Map(config.SECURECHAT_STATIC_PEERS),
    findStoredPolicy,
    clockSynchronised: existsSync(SYNCHRONISED_MARK),
  };
}
