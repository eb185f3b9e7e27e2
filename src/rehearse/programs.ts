/** Programs that Debian does not package: from whoever rehearses, else from npm; else they are missing, and said so. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { HostPlan } from '../contract/plan.ts';
import { shWord } from '../escape/sh.ts';
import { demand } from '../process/run.ts';
import { demandOn } from './apps.ts';
import { buildOnce, type Progress } from './cache.ts';
import type { Bind } from './container.ts';
import type { RehearsalHost } from './host.ts';

/** A program that hosts do not get, and why, as the end of a sentence. */
export interface Missing {
  readonly path: string;
  readonly why: string;
}

export interface ForeignProgram {
  /** On the host. */
  readonly path: string;
  /** A file of this machine that is sent there; null if there is none. */
  readonly file: string | null;
  /** What it is on a host that sees the folder of npm's packages; null if it is none of these. */
  readonly link: string | null;
  readonly missing: Missing | null;
}

export interface Sources {
  /** Path on the host → file of this machine. */
  readonly given: ReadonlyMap<string, string>;
  /** Package → its folder of this machine, or why it cannot be had. */
  readonly npm: ReadonlyMap<string, string | Error>;
}

const folderOf = (name: string): string => `/usr/local/lib/vgen-rehearsal/${name}`;

/** Installs from npm's registry what these hosts run, once per machine. */
export async function fromNpm(
  plans: readonly Pick<HostPlan, 'programs'>[], given: Sources['given'], onProgress: Progress,
): Promise<Sources> {
  const wanted = plans.flatMap(({ programs }) => programs)
    .flatMap(({ path, npm }) => (npm === undefined || given.has(path) ? [] : [npm]));
  const npm = new Map<string, string | Error>();
  for (const name of new Set(wanted)) {
    npm.set(name, await buildOnce('npm', name, async dir => {
      onProgress(`installing ${name} from npm, once for this machine`);
      await demand('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', dir, name]);
    }, onProgress).catch((cause: unknown) => cause as Error));
  }
  return { given, npm };
}

/** What hosts have to see of this machine. */
export const bindsOf = ({ npm }: Sources): Bind[] => [...npm].flatMap(([name, dir]) =>
  (dir instanceof Error ? [] : [{ from: dir, to: folderOf(name) }]));

/** Where a host gets its programs from. */
export function findPrograms({ programs }: Pick<HostPlan, 'programs'>, { given, npm }: Sources): ForeignProgram[] {
  return programs.map(({ path, npm: name = '', url, why }) => {
    const file = given.get(path) ?? null;
    const dir = npm.get(name);
    const bin = join('node_modules/.bin', basename(path));
    const link = typeof dir === 'string' && existsSync(join(dir, bin)) ? join(folderOf(name), bin) : null;
    const reason = dir instanceof Error ? `npm's ${name} cannot be had (${lastLine(dir)})`
      : `Debian has no package of it (${url})`;
    const missing = file !== null || link !== null ? null
      : { path, why: `${why}: ${reason}; --program ${path}=FILE takes yours` };
    return { path, file, link, missing };
  });
}

/** Puts those that can be had on a host that is not installed yet. @throws Error when that fails. */
export async function putPrograms(host: RehearsalHost, programs: readonly ForeignProgram[]): Promise<void> {
  for (const { path, file, link } of programs) {
    if (file !== null) {
      const incoming = '/root/rehearsal/programs';
      await host.send(file, incoming);
      await demandOn(host, `install -D -m 0755 ${shWord(`${incoming}/${basename(file)}`)} ${shWord(path)}`);
    } else if (link !== null) {
      await demandOn(host, `install -d ${shWord(dirname(path))} && ln -s ${shWord(link)} ${shWord(path)}`);
    }
  }
}

const lastLine = ({ message }: Error): string => message.trim().split('\n').at(-1) ?? '';
