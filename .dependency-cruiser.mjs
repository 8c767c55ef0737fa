/** The floors of ARCHITECTURE.md as rules; `npm run verify` runs them. */

const FLOOR_4 = ['persistence', 'federation', 'realtime', 'trpc', 'auth', 'http', 'metrics', 'config', 'cli'];
const TESTS = '\\.test\\.tsx?$|/testing/|/testing-[a-z-]+\\.ts$|^server/testing/';

const only = (name, [from, allowed], comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, pathNot: TESTS },
  to: { path: '^(protocol|e2ee|server|client|app|conformance|scripts|e2e|bench|simulation)/', pathNot: allowed },
});

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no-circular', comment: 'A cycle has no floor.', severity: 'error', from: {}, to: { circular: true, viaOnly: { pathNot: '/generated/' } } },
    only('protocol-is-floor-1', ['^protocol/', '^protocol/'], 'protocol/ is pure and stands on nothing.'),
    only('e2ee-is-floor-2', ['^e2ee/', '^(protocol|e2ee)/'], 'e2ee/ stands on protocol/ alone.'),
    only('domain-is-floor-3', ['^server/domain/', '^(protocol/|server/domain/)'], 'The rules of the product know the protocol, not how anything is stored or sent.'),
    ...FLOOR_4.map((folder) =>
      only(`${folder}-is-floor-4`, [`^server/${folder}/`, `^(protocol/|server/domain/|server/${folder}/${folder === 'cli' ? '|server/' : ''})`], 'Siblings on one floor never import each other; server/compose.ts alone sees them all.'),
    ),
    {
      name: 'client-is-floor-5',
      comment: 'The browser runs no server code; it is typed by the contracts of tRPC and the socket.',
      severity: 'error',
      from: { path: '^client/', pathNot: TESTS },
      to: { path: '^(server|app|conformance|scripts|e2e|bench|simulation)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'client-types-from-contracts-only',
      comment: 'Types of the server that the browser may know: the router and the events.',
      severity: 'error',
      from: { path: '^client/', pathNot: TESTS },
      to: { path: '^server/', pathNot: '^server/(trpc/app-router|realtime/events)\\.ts$' },
    },
    only('scripts-stand-aside', ['^scripts/', '^(scripts|protocol|server)/'], 'Scripts use the product, not the other way round.'),
    { name: 'nothing-imports-scripts', severity: 'error', comment: 'Scripts are for people and CI.', from: { path: '^(protocol|e2ee|server|client|app|conformance)/' }, to: { path: '^scripts/' } },
    { name: 'servers-never-import-e2ee', severity: 'error', comment: 'No private key and no plaintext ever reaches a server.', from: { path: '^server/' }, to: { path: '^e2ee/' } },
    { name: 'conformance-is-a-black-box', severity: 'error', comment: 'The harness shares no code with what it tests; conformance/selfcheck alone may look.', from: { path: '^conformance/(?!selfcheck/)' }, to: { path: '^(protocol|e2ee|server|client|app|scripts|e2e)/' } },
    { name: 'nothing-imports-conformance', severity: 'error', comment: 'The product does not depend on its harness.', from: { path: '^(protocol|e2ee|server|client|app|scripts)/' }, to: { path: '^conformance/' } },
    { name: 'protocol-has-no-effects', severity: 'error', comment: 'No I/O, no clock, no randomness.', from: { path: '^(protocol|e2ee)/', pathNot: TESTS }, to: { dependencyTypes: ['core'] } },
    { name: 'no-unlisted-package', severity: 'error', comment: 'package.json names every package that is imported.', from: {}, to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown'] } },
    { name: 'product-without-dev-packages', severity: 'error', comment: 'What runs in production is a dependency, not a devDependency.', from: { path: '^(protocol|e2ee|server|client|app)/', pathNot: TESTS }, to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: '@types/|tailwindcss' } },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: false,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(\\.next|\\.next-standalone|node_modules|dist)/|server/persistence/generated/|\\.test\\.tsx?$' },
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'], conditionNames: ['import', 'node', 'default', 'types'], exportsFields: ['exports'] },
  },
};
