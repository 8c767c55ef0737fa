/** An address as it is dialled. */
export interface DialledAddress {
  readonly address: string;
  readonly port: number;
}

/** Where connections to a name and port (`host:port`, `*.host:port` for every name below) really go; for tests only. */
export type TestConnect = ReadonlyMap<string, DialledAddress>;

/** Finds where a connection really goes: by the name itself, else by the nearest `*.` above it; undefined where it is not led elsewhere. */
export function findReplacement(testConnect: TestConnect, host: string, port: number): DialledAddress | undefined {
  const labels = host.split('.');
  const wildcards = labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join('.')}`);
  const name = [host, ...wildcards].find((candidate) => testConnect.has(`${candidate}:${port}`));
  return name === undefined ? undefined : testConnect.get(`${name}:${port}`);
}
