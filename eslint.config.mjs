// The rules that carry the design; each says why in its message. Style is left to the reader's taste.
import tseslint from 'typescript-eslint';

const stages = ['load', 'validate', 'resolve', 'offer', 'check', 'plan', 'render', 'emit', 'diff'];
const disk = ['node:fs', 'node:fs/promises', 'node:child_process', 'node:net', 'node:http', 'fast-glob'];
const noDisk = { paths: disk.map(name =>
  ({ name, message: 'only load, render, emit, diff, rehearse and the commands touch disk or processes' })) };

/** Lines are wrapped, not abbreviated; a regular expression and an address stay whole. */
const columns = { code: 120, ignoreUrls: true, ignoreRegExpLiterals: true };

export default tseslint.config(
  { ignores: ['dist/', '.dist-*/', 'out/', 'test/golden/', 'node_modules/'] },
  ...tseslint.configs.recommended.map(config => ({ ...config, files: ['src/**/*.ts', 'test/**/*.ts'] })),
  {
    files: ['src/**/*.ts', 'test/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 300 }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/cli.ts', 'src/commands/**', 'src/print/**'],
    rules: {
      'no-console': 'error',
      'no-restricted-properties': [
        'error', { object: 'process', property: 'exit', message: 'only the command line ends the process' },

        { object: 'process', property: 'stdout', message: 'only commands print' },
        { object: 'process', property: 'stderr', message: 'only commands print' },
      ],
    },
  },
  {
    files: [
      'src/components/*/*.ts', 'src/resolve.ts', 'src/resolve/**', 'src/offer.ts', 'src/check.ts', 'src/plan.ts',
      'src/kit/*.ts', 'src/contract/*.ts', 'src/escape/*.ts',
    ],
    ignores: ['**/*.test.ts'],
    rules: { 'no-restricted-imports': ['error', noDisk] },
  },
  {
    // a component knows the contract and the model; neither a stage nor another component
    files: ['src/components/*/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': ['error', {
        ...noDisk,
        patterns: [
          { group: stages.map(stage => `../../${stage}.ts`), message: 'a component imports no stage' },
          {
            group: ['../*/index.ts', '../*/schema.ts', '!../../**'],
            message: 'a component imports no other component: information flows through offers',
          },
        ],
      }],
    },
  },
  { files: ['src/**/*.ts', 'scripts/**/*.mjs', 'bench/**/*.mjs', '*.mjs'], rules: { 'max-len': ['error', columns] } },
  {
    // tests and pipelines hold lines of other programs, which read them as they are
    files: ['test/**/*.ts', 'src/**/*.test.ts', 'src/export/*.ts'],
    rules: { 'max-len': ['error', { ...columns, ignoreStrings: true, ignoreTemplateLiterals: true }] },
  },
);
