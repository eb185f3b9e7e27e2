#!/usr/bin/env node
// The command that users call, dist/vgen.cjs: runs the bundle of all of vgen (scripts/bundle.mjs) with the code that V8
// compiled the last time. That code is kept per command, because all that is kept is read at each start. CommonJS:
// the loader of ES modules alone takes a tenth of the time of an empty script.
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { readTrusted, writeTrusted } from './process/trusted.ts';

const bundle = `${__dirname}/bundle.cjs`;
const [, , word = ''] = process.argv;
const isHelp = !/^[a-z]+$/.test(word) || process.argv.some(one => one === '--help' || one === '-h');
// of another vgen or Node, kept code is nothing; V8 itself refuses that of other flags, but compares of the source the
// length alone
const { size, mtimeMs, ino } = statSync(bundle);
const name = [
  readFileSync(`${__dirname}/build-id`, 'latin1').slice(0, 32), size, Math.trunc(mtimeMs), ino,
  process.version, process.arch, isHelp ? 'help' : word,
].join('-');
const places = [`${__dirname}/cache`, `${process.env['XDG_CACHE_HOME'] || `${homedir()}/.cache`}/vgen/code`];

/** The code kept in the first place that has some. */
function kept(): Buffer | undefined {
  for (const place of places) {
    const code = readTrusted(place, name);
    if (code) return code;
  }
  return undefined;
}

/**
 * Keeps the code of the functions that were called, in the first place that can be written;
 * in none, it is compiled anew each time.
 */
function keep(script: Script): void {
  const code = script.createCachedData();
  places.some(place => writeTrusted(place, name, code));
}

// Set before any code is read or kept: V8 refuses code of other flags.
// A heap that may only grow by two fifths between two collections: a build of 10,000 hosts takes half the memory
setFlagsFromString('--heap-growing-percent=40');
// Node 20 optimizes functions so early that a run takes a third more CPU time; later ones wait longer by themselves
if (process.version.startsWith('v20.')) setFlagsFromString('--interrupt-budget=500000');

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
