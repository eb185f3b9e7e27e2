// Builds vgen: dist/ from src, the validator and the templates compiled ahead, so that a run pays for neither.
// "--schema" also writes schema/inventory.schema.json, which editors use and which is committed.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import glob from 'fast-glob';
import { bundle } from './bundle.mjs';
import { joinEngine } from './join-engine.mjs';
import { templates } from './templates.mjs';
import { validators } from './validators.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
process.chdir(root);

// npm asks for this at every npx in a checkout too: nothing is done when dist/ was made of just these files
const sources = createHash('sha256');
for (const file of glob.sync([
  'src/**', 'templates/**', 'scripts/*.mjs', 'package.json', 'package-lock.json', 'tsconfig.json',
], { dot: true }).sort()) {
  sources.update(`${file}\0`).update(readFileSync(file)).update('\0');
}
const sourceId = `${sources.digest('hex')} node ${process.version}\n`;
const isMade = existsSync('dist/source-id') && readFileSync('dist/source-id', 'utf8') === sourceId
  && !process.argv.includes('--schema');
if (isMade) {
  link();
  process.exit(0);
}

// made beside dist/ and put in its place when it is whole: a vgen that runs meanwhile never sees half of it
const made = `.dist-${process.pid}`;
process.on('exit', () => rmSync(made, { recursive: true, force: true }));
execFileSync(process.execPath, [
  require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.json', '--outDir', made,
], { stdio: 'inherit' });

const { compose } = await import(`../${made}/schema/compose.js`);
const { ANNOTATIONS } = await import(`../${made}/schema/kinds.js`);
const { components } = await import(`../${made}/components/index.js`);
const schema = await compose(components);
if (process.argv.includes('--schema')) {
  mkdirSync('schema', { recursive: true });
  writeFileSync('schema/inventory.schema.json', `${JSON.stringify(schema, null, 2)}\n`);
}

for (const [name, code] of Object.entries(validators(schema, ANNOTATIONS))) {
  writeFileSync(`${made}/validator-${name}.mjs`, code);
}

const names = glob.sync('**/*.njk', { cwd: 'templates', dot: true }).sort();
writeFileSync(
  `${made}/templates.mjs`, templates(new Map(names.map(name => [name, readFileSync(join('templates', name), 'utf8')]))),
);

mkdirSync(`${made}/engine`);
for (const [name, text] of joinEngine()) writeFileSync(`${made}/engine/${name}`, text);

await bundle(made);
rmSync(`${made}/start.js`);

const hash = createHash('sha256');
for (const file of glob.sync([`${made}/**`, 'templates/**', 'schema/*.json', 'package.json'], { dot: true }).sort()) {
  hash.update(`${file.replace(made, 'dist')}\0`).update(readFileSync(file));
}
writeFileSync(`${made}/build-id`, `${hash.digest('hex')}\n`);
writeFileSync(`${made}/source-id`, sourceId);
rmSync('dist', { recursive: true, force: true });
renameSync(made, 'dist');

link();

/** "vgen" in the scripts of a checkout is found where npm puts the commands of packages. */
function link() {
  if (!existsSync('node_modules/.bin')) return;
  rmSync('node_modules/.bin/vgen', { force: true });
  symlinkSync('../../dist/vgen.cjs', 'node_modules/.bin/vgen');
}
