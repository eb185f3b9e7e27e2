// Trees for the engine's tests: the fixture with vgen's own scripts, as the compiler would put them out, and edited as
// a test wants it.
import { hash } from 'node:crypto';
import {
  appendFileSync, chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sumsText } from '../../src/contract/manifest.ts';

const fixture = fileURLToPath(new URL('fixture', import.meta.url));
const engine = fileURLToPath(new URL('../../dist/engine', import.meta.url));
const command = fileURLToPath(new URL('../../templates/host/opt/vgen/bin/vgen', import.meta.url));
const installer = fileURLToPath(new URL('../../templates/host/install.sh', import.meta.url));
const recovery =
  fileURLToPath(new URL('../../templates/host/etc/systemd/system/vgen-recover.service', import.meta.url));
const server = fileURLToPath(new URL('app/server.py', import.meta.url));

/** The fixture's tree in a directory of its own, before and after edits. */
export class Tree {
  static #count = 0;
  readonly dir = mkdtempSync(join(tmpdir(), 'vgen-engine-'));
  readonly #time = 1_700_000_000 + 60 * Tree.#count++;

  constructor() {
    cpSync(fixture, this.dir, { recursive: true });
    cpSync(installer, join(this.dir, 'install.sh'));
    cpSync(engine, join(this.dir, 'opt/vgen/lib'), { recursive: true });
    cpSync(command, join(this.dir, 'opt/vgen/bin/vgen'));
    cpSync(recovery, join(this.dir, 'etc/systemd/system/vgen-recover.service'));
    const lines = ['bin/vgen 0755', ...readdirSync(engine).map(name => `lib/${name} 0644`)];
    appendFileSync(join(this.dir, 'manifest.tsv'),
      lines.map(one => line(`file /opt/vgen/${one} root:root - bash`)).join('')
      + line('file /etc/systemd/system/vgen-recover.service 0644 root:root - systemd')
      + line('link /etc/systemd/system/sysinit.target.wants/vgen-recover.service '
        + '/etc/systemd/system/vgen-recover.service'));
    this.#seal();
  }

  /** Replaces all of `from` by `to` in one file, which must have it. */
  edit(path: string, from: string, to: string): this {
    const text = readFileSync(join(this.dir, path), 'utf8');
    if (!text.includes(from)) throw new Error(`${path} has no "${from}"`);
    writeFileSync(join(this.dir, path), text.replaceAll(from, to));
    return this.#seal();
  }

  /** Another file, with its line in the list. */
  add(path: string, text: string, words = `file /${path} 0644 root:root`): this {
    mkdirSync(dirname(join(this.dir, path)), { recursive: true });
    writeFileSync(join(this.dir, path), text);
    return this.list(words);
  }

  /** Another line of the list: its columns, separated by blanks; those that are left out are empty. */
  list(words: string): this {
    return this.edit('manifest.tsv', '\nunit\tbeat.service\t', `\n${line(words)}unit\tbeat.service\t`);
  }

  /** Takes out all lines of the list in which `pattern` is found, and the files that they name. */
  drop(pattern: RegExp): this {
    const lines = readFileSync(join(this.dir, 'manifest.tsv'), 'utf8').split('\n');
    for (const one of lines.filter(one => pattern.test(one))) {
      const [kind, path = ''] = one.split('\t');
      if (kind === 'file') rmSync(join(this.dir, path));
    }
    writeFileSync(join(this.dir, 'manifest.tsv'), lines.filter(one => !pattern.test(one)).join('\n'));
    return this.#seal();
  }

  remove(): void {
    rmSync(this.dir, { recursive: true });
  }

  /** SHA256SUMS stands for the whole tree. */
  #seal(): this {
    const sums = join(this.dir, 'SHA256SUMS');
    rmSync(sums, { force: true });
    const files = readdirSync(this.dir, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name));
    writeFileSync(
      sums, sumsText(files.map(file => [file.slice(this.dir.length + 1), hash('sha256', readFileSync(file), 'hex')])),
    );
    // Times of its own for each tree: rsync takes files with the same size and second for the same.
    for (const file of [...files, sums]) utimesSync(file, this.#time, this.#time);
    return this;
  }
}

/** How many columns follow the kind of a line; the compiler makes the same. */
const columns: Readonly<Record<string, number>> = {
  'file': 8, 'certificate': 6, 'unit': 3, 'package': 2, 'link': 2, 'confirm-within': 1,
};

function line(words: string): string {
  const [kind = '', ...values] = words.split(' ');
  return `${[kind, ...values, ...Array<string>(columns[kind]! - values.length).fill('-')].join('\t')}\n`;
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
