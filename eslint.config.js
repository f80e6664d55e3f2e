import importX from 'eslint-plugin-import-x'
import tseslint from 'typescript-eslint'

/** What a layer may not import (docs/design.md, "Layers"): csi → volumes ← linux, wired by main and cli. */
function layer(files, forbidden) {
  return {
    files,
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: forbidden.map(([regex, message]) => ({ regex, message })) },
      ],
    },
  }
}

/**
 * The folders of a layer, lowest first. Each may import those before it only, so they form no cycle. `.` is
 * the layer's own files.
 */
function strata(layer, folders) {
  const zones = folders.map((folder, at) => ({
    target: filesIn(layer, folder),
    from: folders.slice(at + 1).map((above) => filesIn(layer, above)),
    message: `${folder} must not import it: eslint.config.js has the order of the folders`,
  }))
  return {
    files: [`${layer}/**/*.ts`],
    rules: {
      'import-x/no-restricted-paths': ['error', { zones: zones.filter(({ from }) => from.length > 0) }],
    },
  }
}

/** Files of a folder, without those of the folders in it. */
function filesIn(layer, folder) {
  return folder === '.' ? `./${layer}/*.ts` : `./${layer}/${folder}/*.ts`
}

/** An administrator or NTP can set the wall clock during a measurement. */
const wallClock = {
  selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
  message: 'the wall clock jumps: measure durations with performance.now()',
}

const grpc = ['^@grpc/', 'only src/csi must import gRPC']
const koffi = ['^koffi$', 'only src/linux/libc.ts must import koffi']
const kubernetes = ['^@kubernetes/', 'only src/controller/kubernetes must import the Kubernetes client']
const otel = ['^@opentelemetry/', 'only src/tracing must import OpenTelemetry']
const to = (name, message) => [`^(\\.\\./)+${name}/`, message]

const controller = [
  koffi,
  grpc,
  otel,
  to('(linux|monitoring|tracing|cli)', 'src/controller must import only src/csi and src/volumes'),
  to(
    'volumes/(?!(issues/catalogue|model/(bytes|errors|ids)|concurrency/(cached|keyed-lock|never|schedule|side-by-side))\\.ts$)',
    'of src/volumes, src/controller must import only the ids, errors, issues and helpers listed here',
  ),
]

export default tseslint.config(
  { ignores: ['dist/', 'src/csi/generated/'] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['*.js', 'test/*.js'] } },
    },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/extensions': ['.ts', '.js'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
    },
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { ignoreUsingDeclarations: true, ignoreRestSiblings: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Prettier wraps code but not comments.
      'max-len': ['error', { code: 1000, comments: 110, ignoreUrls: true, ignoreStrings: true }],
      'import-x/no-cycle': 'error',
      'import-x/no-unresolved': 'off',
    },
  },
  { files: ['test/**/*.ts'], rules: { '@typescript-eslint/explicit-module-boundary-types': 'off' } },
  {
    files: ['src/volumes/**/*.ts', 'src/linux/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', wallClock] },
  },
  layer(['src/**/*.ts', 'demo/**/*.ts'], [grpc, koffi, kubernetes, otel]),
  strata('src/volumes', [
    'model/ports',
    'model',
    'issues',
    'concurrency',
    'machine',
    'pool/gate',
    'pool/files',
    'pool/records',
    'pool/space',
    'pool/image',
    'pool',
    'state',
    'guard',
    'snapshots',
    'operations',
    'health',
    'inspection',
    '.',
  ]),
  strata('src/linux', [
    'abi',
    '.',
    'mountinfo',
    'files',
    'process',
    'loop',
    'mount',
    'images',
    'filesystems',
    'trace',
    'preflight',
  ]),
  strata('src/controller', ['.', 'reconcile', 'kubernetes']),
  strata('src/cli', ['terminal', 'node', 'loop', 'pool', 'volume', 'doctor', 'serve', '.', 'kubectl']),
  layer(
    ['src/volumes/**/*.ts'],
    [
      grpc,
      koffi,
      kubernetes,
      otel,
      to(
        '(csi|linux|controller|monitoring|tracing|cli)',
        'src/volumes must import only itself; it reaches the machine through model/ports/',
      ),
      ['^\\.\\./main', 'src/volumes must import only itself; it reaches the machine through model/ports/'],
    ],
  ),
  layer(
    ['src/linux/**/*.ts'],
    [
      grpc,
      koffi,
      kubernetes,
      otel,
      to('(csi|controller|monitoring|tracing|cli)', 'src/linux must import only src/volumes'),
    ],
  ),
  layer(
    ['src/linux/libc.ts'],
    [
      grpc,
      kubernetes,
      otel,
      to('(csi|controller|cli|volumes)', 'libc.ts must import nothing outside src/linux'),
    ],
  ),
  layer(
    ['src/csi/**/*.ts'],
    [
      koffi,
      kubernetes,
      otel,
      to('(linux|controller|monitoring|tracing|cli)', 'src/csi must import only src/volumes'),
    ],
  ),
  layer(['src/controller/**/*.ts'], [...controller, kubernetes]),
  layer(['src/controller/kubernetes/**/*.ts'], controller),
  layer(
    ['src/monitoring/**/*.ts'],
    [
      grpc,
      koffi,
      kubernetes,
      otel,
      to('(csi|linux|controller|tracing|cli)', 'src/monitoring must import only src/volumes'),
    ],
  ),
  layer(
    ['src/tracing/**/*.ts'],
    [
      grpc,
      koffi,
      kubernetes,
      to('(linux|controller|monitoring|cli)', 'src/tracing must import only src/csi and src/volumes'),
    ],
  ),
  {
    files: ['**/*.js'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
)
