import { closeSync, openSync, writeSync } from 'node:fs';

/** One answered DNS query; `time` is ISO 8601 UTC, `name` is as asked, `rcode` is `DROPPED` where nothing was sent. */
export interface DnsQuery {
  readonly time: string;
  readonly transport: 'udp' | 'tcp';
  readonly name: string;
  readonly type: string;
  readonly rcode: string;
}

/** Keeps the queries of a DNS server in memory, and in a file of JSON lines if one is named. */
interface QueryLog {
  readonly queries: readonly DnsQuery[];
  append(query: DnsQuery): void;
  close(): void;
}

const MAX_QUERIES_IN_MEMORY = 10_000;

/** Creates a query log; a line is in the file before its answer is on the wire. */
export function createQueryLog(file: string | null): QueryLog {
  const queries: DnsQuery[] = [];
  let descriptor = file === null ? null : openSync(file, 'a');
  return {
    queries,
    append(query) {
      queries.push(query);
      if (queries.length > MAX_QUERIES_IN_MEMORY) queries.shift();
      if (descriptor !== null) writeSync(descriptor, `${JSON.stringify(query)}\n`);
    },
    close() {
      if (descriptor !== null) closeSync(descriptor);
      descriptor = null;
    },
  };
}
