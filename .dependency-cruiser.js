/**
 * Which room may import which: the map in docs/architecture.md as rules. `npm run lint` checks them, types included.
 *
 * @type {import('dependency-cruiser').IConfiguration}
 */

/** Each room, and all that it may import beside itself. */
const ROOMS = {
  // What everything else stands on: errors, version, hashing.
  '^model/[^/]+\\.ts$': [],
  '^model/package/': ['^model/[^/]+\\.ts$'],
  '^model/input/': ['^model/[^/]+\\.ts$', '^model/package/'],
  '^model/compile/': ['^model/[^/]+\\.ts$', '^model/package/', '^model/input/'],
  '^model/options/': ['^model/[^/]+\\.ts$', '^model/input/'],
  '^model/fetch/': ['^model/[^/]+\\.ts$', '^model/package/', '^model/compile/checkpoint/'],
  '^service/settings/': ['^model/[^/]+\\.ts$'],
  '^service/contract\\.ts$': ['^service/settings/(definitions|setting|check|memory|unknown)\\.ts$'],
  '^service/engine/': ['^model/([^/]+\\.ts$|package/)', '^service/(contract\\.ts$|settings/)'],
  '^service/inference/': ['^model/([^/]+\\.ts$|package/|input/)', '^service/(contract\\.ts$|settings/|engine/)'],
  '^service/observability/': [
    '^model/([^/]+\\.ts$|package/)',
    '^service/(contract\\.ts$|settings/|engine/|inference/)',
  ],
  '^service/clients/': ['^model/[^/]+\\.ts$'],
  // What the protocols share. Like them, it knows nothing of engines.
  '^service/requests/': [
    '^model/[^/]+\\.ts$',
    '^service/(contract\\.ts$|settings/|clients/|inference/|observability/)',
  ],
  // What the Open Inference Protocol is over HTTP and gRPC alike.
  '^service/open-inference/': ['^model/[^/]+\\.ts$', '^service/(inference/|requests/)'],
  '^service/http/': [
    '^model/([^/]+\\.ts$|package/|input/)',
    '^service/(contract\\.ts$|settings/|clients/|inference/|observability/|requests/|open-inference/)',
  ],
  '^service/grpc/': [
    '^model/[^/]+\\.ts$',
    '^service/(contract\\.ts$|settings/|inference/|observability/|requests/|open-inference/)',
  ],
  '^service/lifecycle/': ['^model/([^/]+\\.ts$|package/)', '^service/'],
  '^demo/': ['^model/', '^service/(contract\\.ts$|settings/|engine/|inference/)'],
  '^batch/': ['^model/', '^service/(settings/|engine/|inference/|requests/)'],
  // The library that a package is: a narrow interface of what is below.
  '^library/': ['^model/', '^service/(settings/|inference/)'],
  // The autoscaler and the pods of a deployment, simulated.
  '^plan/': [],
  '^infra/': [
    '^model/(arguments|echo|errors|make-folder|not-written)\\.ts$',
    '^service/contract\\.ts$',
    '^batch/options\\.ts$',
    '^imports/',
  ],
  '^docker/': ['^model/', '^service/'],
  '^cli/': ['^model/', '^service/', '^demo/', '^batch/', '^plan/'],
  // What generates the reference pages.
  '^docs/': ['^model/', '^service/', '^infra/', '^imports/'],
  '^testing/': ['^model/', '^service/', '^batch/', '^demo/', '^cli/', '^infra/', '^imports/'],
  '^bench/': ['^model/', '^service/', '^batch/', '^demo/', '^cli/', '^infra/', '^testing/', '^plan/'],
};

/** Each folder of service/http, and the other folders there that it may import. */
const HTTP_FOLDERS = {
  problems: [],
  body: ['problems'],
  middleware: ['problems'],
  probes: ['problems'],
  serve: ['middleware', 'body', 'problems'],
  predict: ['serve', 'middleware', 'body', 'probes', 'problems'],
  'open-inference': ['predict', 'serve', 'middleware', 'body', 'probes', 'problems'],
  'demo-page': ['predict', 'serve', 'middleware', 'body', 'probes', 'problems'],
  docs: ['predict', 'serve', 'middleware', 'problems'],
};
/** What all of them may import. */
const HTTP_BASE = '^service/http/(context|static-file)\\.ts$';

const httpFolders = [
  ...Object.entries(HTTP_FOLDERS).map(([folder, below]) => {
    const from = `^service/http/${folder}/`;
    return { from, allowed: [from, HTTP_BASE, ...below.map((name) => `^service/http/${name}/`)] };
  }),
  { from: HTTP_BASE, allowed: [HTTP_BASE] },
].map(({ from, allowed }) => ({
  name: `http-arrows-of ${from}`,
  comment: 'This arrow points up within service/http: see HTTP_FOLDERS.',
  severity: 'error',
  from: { path: from },
  to: { path: '^service/http/', pathNot: allowed },
}));

const rooms = Object.entries(ROOMS).map(([room, below]) => ({
  name: `arrows-of ${room}`,
  comment: 'This arrow points up: see the map in docs/architecture.md.',
  severity: 'error',
  from: { path: room },
  to: {
    path: '^[^.]',
    pathNot: [room, ...below, '^node_modules/', '^package\\.json$'],
    dependencyTypesNot: ['core'],
  },
}));

export default {
  forbidden: [
    {
      name: 'no-circle',
      comment: 'Two files import each other, directly or through others. Move what both need into a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'not-resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'grammar-stays-out',
      comment: "The demo's grammar and training are development only: no program that ships may load them.",
      severity: 'error',
      from: { path: '^(model|service|cli|docker)/|^demo/[^/]+\\.ts$' },
      to: { path: '^demo/(world|training)/' },
    },
    {
      name: 'bench-programs-on-top',
      comment: 'Nothing imports a program of bench/: move what two programs need to bench/support/.',
      severity: 'error',
      from: {},
      to: { path: '^bench/[^/]+\\.ts$' },
    },
    {
      name: 'bench-support-at-the-bottom',
      comment: 'bench/support/ serves every program, and so imports none of their parts.',
      severity: 'error',
      from: { path: '^bench/support/' },
      to: { path: '^bench/(?!support/)' },
    },
    ...rooms,
    ...httpFolders,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|build|coverage)/|^model/input/.*/assembly/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
