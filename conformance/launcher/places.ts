/** A foreign server in the playground; `domain` may begin with `*.`, which stands for every name below. */
export interface PeerPlace {
  readonly domain: string;
  readonly host: string;
  readonly port: number;
}

/** Says what is wrong with the arguments of a command. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const DOMAIN = new RegExp(`^(?:${LABEL}\\.)+(?=[a-z])${LABEL}$`);
const LOOPBACK = /^127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;

/** Parses a comma-separated list of domains ([ID-2]), each named once; throws `UsageError`. */
export function parseDomains(text: string): readonly string[] {
  const domains = text.split(',').map((domain) => domain.trim());
  for (const domain of domains) if (!isDomain(domain)) throw new UsageError(`"${domain}" is not a domain like a.test`);
  if (new Set(domains).size < domains.length) throw new UsageError('a domain is named twice');
  return domains;
}

/** Parses `d.test=127.0.0.1:9443` or `*.d.test=…`, an address in 127.0.0.0/8 only; throws `UsageError`. */
export function parsePeer(text: string): PeerPlace {
  const [, domain = '', host = '', portText = ''] = /^([^=]*)=([^:]*):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(portText);
  if (portText === '' || port < 1 || port > 65_535) throw new UsageError(`"${text}" is not of the form d.test=127.0.0.1:9443`);
  if (!isDomain(domain.replace(/^\*\./, ''))) throw new UsageError(`"${domain}" is not a domain like d.test or *.d.test`);
  if (!LOOPBACK.test(host)) throw new UsageError(`"${host}" is not an address in 127.0.0.0/8, and the demo stays on loopback`);
  return { domain, host, port };
}

/** Throws `UsageError` if two servers of the playground have one domain. */
export function requireDistinct(domains: readonly string[], peers: readonly PeerPlace[]): void {
  const seen = new Set(domains);
  for (const { domain } of peers) {
    if (seen.has(domain)) throw new UsageError(`${domain} is named twice`);
    seen.add(domain);
  }
}

function isDomain(text: string): boolean {
  const aceOnly = text.split('.').every((label) => label.slice(2, 4) !== '--' || label.startsWith('xn--'));
  return text.length <= 253 && DOMAIN.test(text) && aceOnly;
}
