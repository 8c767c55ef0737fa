import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { endLeftBehindDatabase } from './end-left-behind.ts';
import { instanceEnvironment } from './instance-environment.ts';
import type { InstanceSettings } from './instance-environment.ts';
import { startProcess } from './managed-process.ts';
import type { Command, ManagedProcess } from './managed-process.ts';
import { waitUntilReady } from './wait-until-ready.ts';
import { describeExit, whileRunning, withTimeout } from './watch-process.ts';

/** What starting an instance needs beside its own settings. */
export interface InstanceDependencies {
  readonly serverCommand: Command;
  readonly driverCommand: Command;
  readonly workingDirectory: string;
  /** The environment that both processes inherit. */
  readonly inherited: NodeJS.Dict<string>;
  readonly readyTimeoutMs: number;
  readonly stopTimeoutMs: number;
  readonly log: (line: string) => void;
  /** Told of every process that is started. */
  readonly remember: (pid: number) => void;
}

/** One instance of the playground: its server and the driver of its clients. */
export interface Instance {
  readonly settings: InstanceSettings;
  readonly url: string;
  readonly logFile: string;
  /** The process id of the server, of the last one if none runs. */
  pid(): number;
  driverUrl(): string;
  /** The URL of the PostgreSQL that the server started for itself, `null` if it named none. */
  readDatabaseUrl(): Promise<string | null>;
  /** Starts the server and waits until it is ready; throws `PlaygroundError`. */
  startServer(signal: AbortSignal): Promise<void>;
  /** Starts the driver and waits for its address; throws `PlaygroundError`. */
  startDriver(signal: AbortSignal): Promise<void>;
  /** Ends the server by a signal, alone: what it started is left to itself. */
  killServer(signal: NodeJS.Signals): Promise<void>;
  /** Ends the server with all that it started, if it runs; what a killed one left behind is left to the next one. */
  stopServer(): Promise<void>;
  /** Ends server and driver with all that they started. */
  end(): Promise<void>;
}

interface Running {
  readonly process: ManagedProcess;
  hasExited: boolean;
  /** Set before we end it ourselves, so that only other ends are news. */
  expected: boolean;
}

/** Creates an instance; nothing runs until it is started. */
export function createInstance(settings: InstanceSettings, dependencies: InstanceDependencies): Instance {
  const { domain, host, webPort, dataDirectory } = settings;
  const url = `http://${host}:${webPort}`;
  const logFile = `${dataDirectory}.log`;
  const launch = createLauncher(dependencies);
  const servers: Running[] = [];
  const drivers: Running[] = [];
  let driverUrl = '';

  return {
    settings,
    url,
    logFile,
    pid: () => servers.at(-1)?.process.pid ?? 0,
    driverUrl: () => driverUrl,
    readDatabaseUrl: () => readDatabaseUrl(dataDirectory),
    async startServer(signal) {
      const name = `${domain}'s server`;
      const server = await launch({ name, command: dependencies.serverCommand, environment: instanceEnvironment(settings), logFile }, servers);
      await whileRunning({ name, logFile, exited: server.process.exited, signal }, (aborted) =>
        waitUntilReady({
          name: domain,
          url: `${url}/readyz`,
          timeoutMs: dependencies.readyTimeoutMs,
          signal: aborted,
          onStillWaiting: (answer) => dependencies.log(`${domain} is still starting: ${answer}`),
        }),
      );
    },
    async startDriver(signal) {
      const name = `${domain}'s client driver`;
      const driverLog = `${dataDirectory}.driver.log`;
      const announced = Promise.withResolvers<string>();
      const environment = { SECURECHAT_DRIVER_INSTANCE_URL: url, SECURECHAT_DRIVER_PORT: '0' };
      const onLine = (line: string): void => announceDriver(line, announced.resolve);
      const driver = await launch({ name, command: dependencies.driverCommand, environment, logFile: driverLog, onLine }, drivers);
      driverUrl = await whileRunning({ name, logFile: driverLog, exited: driver.process.exited, signal }, (aborted) =>
        withTimeout(announced.promise, { name, timeoutMs: dependencies.readyTimeoutMs, aborted }),
      );
    },
    async killServer(signal) {
      const server = servers.at(-1);
      if (server === undefined) return;
      server.expected = true;
      server.process.signal(signal);
      await server.process.exited;
    },
    stopServer: () => endAll(servers.filter((server) => !server.hasExited)),
    async end() {
      await Promise.all([endAll(drivers), endAll(servers)]);
      await endLeftBehindDatabase(dataDirectory);
    },
  };
}

interface Launch {
  readonly name: string;
  readonly command: Command;
  readonly environment: NodeJS.Dict<string>;
  readonly logFile: string;
  readonly onLine?: (line: string) => void;
}

function createLauncher(dependencies: InstanceDependencies) {
  return async ({ name, ...launch }: Launch, running: Running[]): Promise<Running> => {
    const started = await startProcess({
      ...launch,
      environment: { ...dependencies.inherited, ...launch.environment },
      directory: dependencies.workingDirectory,
      stopTimeoutMs: dependencies.stopTimeoutMs,
    });
    const entry: Running = { process: started, hasExited: false, expected: false };
    running.push(entry);
    void started.exited.then((exit) => {
      entry.hasExited = true;
      if (!entry.expected) dependencies.log(`${name} ended by itself (${describeExit(exit)}); see ${launch.logFile}`);
    });
    dependencies.remember(started.pid);
    return entry;
  };
}

/** Newest first: what an earlier process left behind may be what the newest works with. */
async function endAll(running: readonly Running[]): Promise<void> {
  for (const entry of running.toReversed()) {
    entry.expected = true;
    await entry.process.end();
  }
}

function announceDriver(line: string, announce: (url: string) => void): void {
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed === 'object' && parsed !== null && 'driver' in parsed && typeof parsed.driver === 'string') announce(parsed.driver);
  } catch {
    // Other lines are the driver's log.
  }
}

async function readDatabaseUrl(dataDirectory: string): Promise<string | null> {
  try {
    const parsed: unknown = JSON.parse(await readFile(join(dataDirectory, 'embedded-postgres.json'), 'utf8'));
    return typeof parsed === 'object' && parsed !== null && 'url' in parsed && typeof parsed.url === 'string' ? parsed.url : null;
  } catch {
    return null;
  }
}
