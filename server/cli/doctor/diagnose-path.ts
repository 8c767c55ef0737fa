import { FEDERATION_PREFIX } from '../../../protocol/endpoints.ts';
import type { PeerEndpoint } from '../../federation/discovery/peer-connector.ts';
import { pageTask } from './diagnose-document.ts';
import { byOperator, fail, ok } from './finding.ts';
import type { Finding, Subject } from './finding.ts';
import type { PathChange, PathFacts } from './path-probes.ts';
import { readAnswer } from './read-answer.ts';
import type { ReadAnswer } from './read-answer.ts';

const CHANGES: Readonly<Record<PathChange, string>> = {
  slashes: 'merges doubled slashes',
  escapes: 'decodes %40',
  dots: 'resolves dot segments',
  end: 'removes a slash at the end',
};
const TASK = 'let the proxy hand the path on byte for byte: no rewriting, stripping, decoding or merging of slashes (nginx: proxy_pass without a path; Caddy: reverse_proxy without uri, rewrite or handle_path)';

/** Judges whether request-targets arrive at a SecureChat server as they were sent. @see docs/protocol.md [SIG-3] [ERR-1] */
export function diagnosePath(subject: Subject, { host, port }: PeerEndpoint, facts: PathFacts): Finding {
  const place = `${host}:${port}`;
  return findCanonicalFault(subject, place, readAnswer(facts.canonical.outcome)) ?? findChange(subject, place, facts) ?? ok('SIG-3', `request-targets arrive at ${place} as they were sent`);
}

function findCanonicalFault(subject: Subject, place: string, read: ReadAnswer): Finding | null {
  const path = `${FEDERATION_PREFIX}/`;
  switch (read.kind) {
    case 'page':
      return fail('ERR-1', `${place} answers requests under ${path} with ${read.what} instead of JSON`, byOperator(subject, pageTask(read.challenge, path)));
    case 'none':
      return fail('DISC-5', `${place} gives ${read.what} to a request under ${path}`, byOperator(subject, `look at what stands between ${place} and the instance`));
    case 'other':
      return fail('SIG-3', `${place} answers a request under ${path} with ${read.what}: the path is changed on the way, or no SecureChat server is behind it`, byOperator(subject, TASK));
    case 'problem':
      if (read.code === 'signature_missing') return null;
      if (read.code === 'bad_request_target' || read.code === 'not_found' || read.code === 'method_not_allowed') {
        return fail('SIG-3', `a proxy at ${place} rewrites the path: a plain request-target is answered with ${read.code}`, byOperator(subject, TASK));
      }
      return fail('ERR-3', `${place} answers a request without signature with ${read.code} instead of signature_missing`, byOperator(subject, 'look at the log of the instance and at what stands before it'));
  }
}

function findChange(subject: Subject, place: string, { changed }: PathFacts): Finding | null {
  const others = changed.map(({ change, outcome }) => ({ change, read: readAnswer(outcome.outcome) })).filter(({ read }) => read.kind !== 'problem' || read.code !== 'bad_request_target');
  const [first] = others;
  if (first === undefined) return null;
  const passed = others.filter(({ read }) => read.kind === 'problem');
  if (passed.length > 0) {
    const how = passed.map(({ change }) => CHANGES[change]).join(', ');
    return fail('SIG-3', `a proxy at ${place} rewrites the path: it ${how}, where bad_request_target is due`, byOperator(subject, TASK));
  }
  const what = first.read.kind === 'problem' ? first.read.code : first.read.what;
  return fail('SIG-3', `something before the instance at ${place} answers in its place: ${what} where it ${CHANGES[first.change]}, and bad_request_target is due`, byOperator(subject, TASK));
}
