// One file of all that vgen runs, its libraries too: starting is reading, and 150 small modules are read slowly.
// Written from src, so that its source map (read only when vgen fails) names src/….ts; src/start.ts runs it.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const COMMON = { platform: 'node', format: 'cjs', target: 'node20', logLevel: 'warning' };

/** commander can run programs as commands; vgen has none, and loading what runs them takes a tenth of a start. */
const lateChildProcess = {
  name: 'late-child-process',
  setup({ onLoad }) {
    onLoad({ filter: /\/commander\/lib\/command\.js$/ }, ({ path }) => {
      const [before, after, ...more] = readFileSync(path, 'utf8')
        .split("const childProcess = require('node:child_process');\n");
      if (after === undefined || more.length > 0) throw new Error(`${path} does not load child_process as it did`);
      return { contents: before + after.replaceAll('childProcess.', "require('node:child_process').") };
    });
  },
};

/**
 * Writes `<made>/bundle.cjs` with its map, and the commands; the compiled
 * validators and templates are taken from `made`.
 */
export async function bundle(made) {
  await build({
    entryPoints: ['src/cli.ts'], outfile: `${made}/bundle.cjs`, sourcemap: 'external', sourcesContent: false,
    legalComments: 'external', plugins: [lateChildProcess],
    ...COMMON, bundle: true, minify: true,
    alias: Object.fromEntries(['validator-fast', 'validator-full', 'templates']
      .map(name => [`#built/${name}.mjs`, `./${made}/${name}.mjs`])),
    // the loader of modules knows nothing of a script
    supported: { 'dynamic-import': false },
    // where src/process/own-files.ts would lie; given by src/start.ts
    define: { 'import.meta.url': 'OWN_URL' },
  });
  await build({ ...COMMON, bundle: true, entryPoints: ['src/start.ts'], outfile: `${made}/vgen.cjs` });
  writeFileSync(`${made}/cli.js`, "#!/usr/bin/env node\nimport './vgen.cjs';\n");
  for (const name of ['cli.js', 'vgen.cjs']) chmodSync(`${made}/${name}`, 0o755);
}
