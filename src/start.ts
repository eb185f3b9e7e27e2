#!/usr/bin/env node
// The command that users call, dist/vgen.cjs: runs the bundle of all of vgen (scripts/bundle.mjs) with the code that V8
// compiled the last time. That code is kept per command, because all that is kept is read at each start. CommonJS:
// the loader of ES modules alone takes a tenth of the time of an empty script.
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';

const bundle = `${__dirname}/bundle.cjs`;
const [, , word = ''] = process.argv;
const isHelp = !/^[a-z]+$/.test(word) || process.argv.some(one => one === '--help' || one === '-h');
// of another vgen or Node, kept code is nothing; V8 itself refuses that of other flags
const name = `${readFileSync(`${__dirname}/build-id`, 'latin1')
  .slice(0, 32)}-${process.version}-${process.arch}-${isHelp ? 'help' : word}`;
const places = [`${__dirname}/cache`, `${process.env['XDG_CACHE_HOME'] || `${homedir()}/.cache`}/vgen/code`];

/** The code kept in the first place that has some and that nobody else can write. */
function kept(): Buffer | undefined {
  for (const place of places) {
    try {
      const { uid, mode } = statSync(place);
      if ((uid === 0 || uid === process.getuid?.()) && (mode & 0o022) === 0) return readFileSync(`${place}/${name}`);
    } catch {
      // none there
    }
  }
  return undefined;
}

/**
 * Keeps the code of the functions that were called, in the first place that can be written;
 * in none, it is compiled anew each time.
 */
function keep(script: Script): void {
  const code = script.createCachedData();
  for (const place of places) {
    try {
      mkdirSync(place, { recursive: true, mode: 0o755 });
      writeFileSync(`${place}/${name}.${process.pid}`, code);
      renameSync(`${place}/${name}.${process.pid}`, `${place}/${name}`);
      return;
    } catch {
      // read-only
    }
  }
}

const cachedData = kept();
const script = new Script(`(function (require, OWN_URL) {\n${readFileSync(bundle, 'latin1')}\n})`, {
  filename: bundle, lineOffset: -1, ...(cachedData && { cachedData }),
});
const hasFlags = process.execArgv.length > 0 || Boolean(process.env['NODE_OPTIONS']);
if (!cachedData || (script.cachedDataRejected && !hasFlags)) {
  process.once('exit', code => { if (code === 0) keep(script); });
}
const run = script.runInThisContext() as (require: NodeJS.Require, url: string) => void;
run(require, pathToFileURL(`${__dirname}/process/own-files.js`).href);
