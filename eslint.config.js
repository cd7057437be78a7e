import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  globalIgnores(['build/', 'dist/', 'imports/', 'coverage/', 'node_modules/', '.cache/']),
  // AssemblyScript: its compiler checks it.
  globalIgnores(['model/input/**/assembly/']),
  // They import generated code, and are checked with it.
  globalIgnores(['test/clients/rest/calls/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    // JavaScript runs as it is written: its types are in comments.
    files: ['**/*.ts', 'service/http/demo-page/assets/*.js', 'bench/k6/*.js'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Numbers and booleans in template literals are how sentences for a user are built.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
      // One statement for each module, its types inline.
      'no-duplicate-imports': 'error',
      eqeqeq: 'error',
      'no-console': 'error',
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          name: 'onnxruntime-node',
          message: 'Import model/onnx-runtime.ts, which switches its telemetry off first.',
          allowTypeImports: true,
        },
      ],
      'max-lines': ['error', { max: 300, skipBlankLines: false, skipComments: false }],
      'max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true }],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: { 'max-lines-per-function': 'off' },
  },
  {
    // Programs that print for a person.
    files: [
      'bench/**/*.ts',
      'cli/**/*.ts',
      'docker/**/*.ts',
      'docs/**/*.ts',
      'demo/**/*.ts',
      'test/image/**/*.ts',
      'test/clients/**/*.ts',
      'test/cluster/main.ts',
      'test/infra/monitoring/record-slow-bodies.ts',
    ],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['model/onnx-runtime.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': 'off' },
  },
);
