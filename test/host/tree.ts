// Trees for the engine's tests: the fixture with vgen's own scripts, as the compiler would put them out, and edited as
// a test wants it.
import { createHash } from 'node:crypto';
import {
  chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const fixture = fileURLToPath(new URL('fixture', import.meta.url));
const scripts = fileURLToPath(new URL('../../templates/host/opt/vgen', import.meta.url));
const server = fileURLToPath(new URL('app/server.py', import.meta.url));

/** The fixture's tree in a directory of its own, before and after edits. */
export class Tree {
  static #count = 0;
  readonly dir = mkdtempSync(join(tmpdir(), 'vgen-engine-'));
  readonly #time = 1_700_000_000 + 60 * Tree.#count++;

  constructor() {
    cpSync(fixture, this.dir, { recursive: true });
    for (const part of ['lib', 'bin']) {
      cpSync(join(scripts, part), join(this.dir, 'opt/vgen', part), { recursive: true });
    }
    this.#seal();
  }

  /** Replaces all of `from` by `to` in one file, which must have it. */
  edit(path: string, from: string, to: string): this {
    const text = readFileSync(join(this.dir, path), 'utf8');
    if (!text.includes(from)) throw new Error(`${path} has no "${from}"`);
    writeFileSync(join(this.dir, path), text.replaceAll(from, to));
    return this.#seal();
  }

  /** Another file, with what install.sh says of it. */
  add(path: string, text: string, words = `file 0644 root:root /${path}`): this {
    mkdirSync(dirname(join(this.dir, path)), { recursive: true });
    writeFileSync(join(this.dir, path), text);
    return this.say(words);
  }

  /** Another line of install.sh. */
  say(words: string): this {
    return this.edit('install.sh', '\nunit beat.service\n', `\n${words}\nunit beat.service\n`);
  }

  /** Takes out all lines of install.sh in which `pattern` is found, and the files that they name. */
  drop(pattern: RegExp): this {
    const lines = readFileSync(join(this.dir, 'install.sh'), 'utf8').split('\n');
    for (const line of lines.filter(line => pattern.test(line))) {
      const path = /^(?:secret_)?file \S+ \S+ (\S+)/.exec(line)?.[1];
      if (path !== undefined) rmSync(join(this.dir, path));
    }
    writeFileSync(join(this.dir, 'install.sh'), lines.filter(line => !pattern.test(line)).join('\n'));
    return this.#seal();
  }

  remove(): void {
    rmSync(this.dir, { recursive: true });
  }

  /** The manifest stands for the whole tree. */
  #seal(): this {
    const [manifest, install] = [join(this.dir, 'manifest.tsv'), join(this.dir, 'install.sh')];
    const files = readdirSync(this.dir, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
      .sort();
    const lines = files.filter(file => file !== manifest && file !== install).map(file => {
      const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
      return `file\t${file.slice(this.dir.length)}\t-\t-\t${sha256}\t-\t-\t-\tfixture\n`;
    });
    for (const [, path, target] of readFileSync(install, 'utf8').matchAll(/^link (\S+) (\S+)/gm)) lines.push(`link\t${path}\t${target}\n`);
    writeFileSync(manifest, `# Made by vgen from hosts.one; do not edit.\n${lines.join('')}`);
    // Times of its own for each tree: rsync takes files with the same size and second for the same.
    for (const file of files) utimesSync(file, this.#time, this.#time);
    return this;
  }
}

/** A directory with the tests' app in several versions: one executable file each, and a directory with it as "run". */
export function makeArtifacts(versions: readonly string[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'vgen-artifacts-'));
  const source = readFileSync(server, 'utf8');
  for (const version of versions) {
    const text = source.replace(`VERSION = 'VERSION'`, `VERSION = '${version}'`);
    mkdirSync(join(dir, `${version}.d`));
    for (const file of [join(dir, version), join(dir, `${version}.d`, 'run')]) {
      writeFileSync(file, text);
      chmodSync(file, 0o755);
    }
  }
  return dir;
}
