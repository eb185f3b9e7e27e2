// The tree of one host in out/, as it lies on the disk: what an apply would send. Nothing is compiled.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../contract/diagnostic.ts';
import { readManifest } from '../../contract/manifest.ts';

export interface TreeFile {
  readonly path: string;
  readonly mode: string;
  readonly owner: string;
  readonly sha256: string;
  /** `reload:UNIT`, `restart:UNIT`, `slot:APP/SLOT` or `confirm`. */
  readonly triggers: readonly string[];
  readonly secrets: readonly string[];
}

/** A certificate whose key is made on the host. `then`: a shell command that makes its users take up a new one; "" if none. */
export interface TreeCertificate {
  readonly name: string;
  readonly group: string;
  readonly names: readonly string[];
  readonly issuer: 'internal' | 'acme';
  readonly then: string;
}

export interface TreeUser { readonly name: string; readonly home: string; readonly shell: string; readonly groups: readonly string[] }

export interface BuiltTree {
  readonly host: string;
  readonly dir: string;
  /** What hosts call the tree: sha256 of manifest.tsv. */
  readonly id: string;
  /** sha256 of manifest.tsv and install.sh together: all that an apply depends on. */
  readonly seal: string;
  readonly files: readonly TreeFile[];
  /** path → target */
  readonly links: ReadonlyMap<string, string>;
  readonly firstLinks: ReadonlyMap<string, string>;
  readonly directories: readonly { readonly path: string; readonly mode: string; readonly owner: string }[];
  readonly packages: readonly string[];
  readonly programs: readonly string[];
  readonly secrets: readonly string[];
  readonly users: readonly TreeUser[];
  readonly certificates: readonly TreeCertificate[];
  /** Unit → what a restart interrupts, or null. */
  readonly units: ReadonlyMap<string, string | null>;
}

const sha256 = (...parts: readonly Buffer[]): string => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');

/**
 * Reads the tree of a host.
 * @throws Failure when there is none, or a file is not what the manifest says: the host would refuse it too
 */
export function readTree(out: string, host: string): BuiltTree {
  const dir = join(out, host);
  if (!existsSync(join(dir, 'manifest.tsv'))) throw new Failure(`there is no tree of ${host} in ${out}; "vgen build" makes it`);
  const manifest = readFileSync(join(dir, 'manifest.tsv'));
  const script = readBytes(dir, 'install.sh');
  const tree = treeOf(host, dir, manifest, script);
  const wrong = tree.files.filter(({ path, sha256: wanted }) => sha256(readBytes(dir, path)) !== wanted);
  if (wrong.length) throw new Failure(`${join(out, host)} is not what its manifest says: ${wrong.map(({ path }) => path).join(', ')}; "vgen build" makes it anew`);
  return tree;
}

/** What a manifest and install.sh say. */
export function treeOf(host: string, dir: string, manifest: Buffer, script: Buffer): BuiltTree {
  const lines = readManifest(manifest.toString('utf8'));
  const of = (type: string): typeof lines => lines.filter(line => line.type === type);
  const names = (type: string): string[] => of(type).map(({ name }) => name);
  const list = (text: string | undefined): string[] => (!text || text === '-' ? [] : text.split(','));
  return {
    host, dir, id: sha256(manifest), seal: sha256(manifest, script),
    files: of('file').map(({ name, columns: [mode = '', owner = '', hash = '', triggers, , secrets] }) =>
      ({ path: name, mode, owner, sha256: hash, triggers: list(triggers), secrets: list(secrets) })),
    links: new Map(of('link').map(({ name, columns }) => [name, columns[0] ?? ''])),
    firstLinks: new Map(of('first-link').map(({ name, columns }) => [name, columns[0] ?? ''])),
    directories: of('directory').map(({ name, columns: [mode = '', owner = ''] }) => ({ path: name, mode, owner })),
    packages: names('package'), programs: names('program'), secrets: names('secret'),
    users: of('user').map(({ name, columns: [home = '', shell = '', groups] }) => ({ name, home, shell, groups: list(groups) })),
    certificates: of('certificate').map(({ name, columns: [group = '', names, issuer, then = '-'] }) =>
      ({ name, group, names: list(names), issuer: issuer === 'acme' ? 'acme' : 'internal', then: then === '-' ? '' : then })),
    units: new Map(of('unit').map(({ name, columns }) => [name, columns[0] === '-' ? null : columns[0] ?? null])),
  };
}

/** A file of the tree. */
export function readBytes(dir: string, path: string): Buffer {
  try {
    return readFileSync(join(dir, path));
  } catch (cause) {
    throw new Failure(`${join(dir, path)} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}); "vgen build" makes it`, { cause });
  }
}
