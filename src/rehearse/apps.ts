/** What is deployed in a rehearsal: a user-supplied build, or a stand-in program of vgen. */
import { readFileSync, statSync } from 'node:fs';
import { basename, posix } from 'node:path';
import { shWord } from '../escape/sh.ts';
import type { App, Text } from '../contract/model.ts';
import type { Served } from '../contract/proof.ts';
import type { RehearsalHost } from './host.ts';
import { ownFile } from '../process/own-files.ts';

export type Artifact =
  | { readonly kind: 'own'; readonly path: string }
  /**
   * `file`: the program's place in the release; null where the release is the program itself. `answers`: it listens as
   * the app does; one that is told no port does not.
   */
  | { readonly kind: 'stand-in'; readonly file: string | null; readonly answers: boolean }
  | { readonly kind: 'none'; readonly why: string };

export interface AppPlan {
  readonly name: string;
  readonly artifact: Artifact;
}

/** What the app's scripts on the host know of it. */
export interface Facts {
  readonly dir: string;
  readonly health: string;
  /** Where nginx serves the live slot on a port of its own; null if it does not. */
  readonly live: Served | null;
}

const folder = '/root/rehearsal';
const standIn = ownFile('src/rehearse/stand-in.py');
/** Stands in for an app that listens nowhere. */
const silent = '#!/bin/sh\nexec sleep infinity\n';

/**
 * Whether an app can know which port is its slot's: by its command or its environment, which are not the same in both
 * slots then. A stand-in that listened all the same would prove what the app cannot do.
 */
export function isToldItsPort({ command, slots }: Pick<App, 'command' | 'slots'>): boolean {
  const ofSlot = (text: Text): boolean => typeof text !== 'string'
    && text.parts.some(part => typeof part !== 'string' && part.kind === 'slot');
  const [blue = '', green = ''] = slots.map(({ env }) =>
    JSON.stringify(env.map(({ name, value }) => [name, typeof value === 'string' ? value : value.parts])));
  return blue !== green || [...command, ...slots[0].env.map(({ value }) => value)].some(ofSlot);
}

/**
 * How an app is stood in for: its program has to be a file of its release, since nothing else is vgen's to replace.
 * @returns 'none' with the reason, as the end of a sentence, where it is not.
 */
export function standInFor({ command, binary }: Pick<App, 'command' | 'binary'>, answers = true): Artifact {
  const [first = ''] = command;
  if (typeof first !== 'string') return { kind: 'none', why: 'its command begins with a value' };
  const file = posix.normalize(first);
  if (!first.startsWith('./') || file.startsWith('..')) {
    return { kind: 'none', why: `its command begins with "${first}", which is not in its release` };
  }
  if (binary === null) return { kind: 'stand-in', file, answers };
  return binary === file ? { kind: 'stand-in', file: null, answers }
    : { kind: 'none', why: `its command begins with "${first}", and its release is the one file "${binary}"` };
}

/** Puts the artifact on the host and returns its path there. @throws Error when that fails. */
export async function bring(host: RehearsalHost, { name, artifact }: AppPlan): Promise<string> {
  const dir = `${folder}/${name}`;
  if (artifact.kind === 'none') throw new Error(artifact.why);
  if (artifact.kind === 'own') {
    await host.send(artifact.path, dir);
    return `${dir}/${basename(artifact.path)}`;
  }
  const release = `${dir}/stand-in`;
  const path = artifact.file === null ? release : `${release}/${artifact.file}`;
  await demandOn(host, `[ -x /usr/bin/python3 ] || apt-get install -qq -y --no-install-recommends python3`);
  await demandOn(
    host, `install -D -m 0755 /dev/stdin ${shWord(path)}`, artifact.answers ? readFileSync(standIn) : silent,
  );
  return release;
}

/** Writes secrets as README.md says; the values are not the real ones. */
export async function putSecrets(host: RehearsalHost, secrets: ReadonlyMap<string, string>): Promise<void> {
  await demandOn(host, 'install -d -m 0700 /etc/vgen /etc/vgen/secrets');
  for (const [name, value] of secrets) {
    await demandOn(host, `install -m 0600 /dev/stdin ${shWord(`/etc/vgen/secrets/${name}`)}`, value);
  }
}

/** Reads the app's file in /opt/vgen/apps. @throws Error when it is not there. */
export async function readAppFacts(host: RehearsalHost, app: string): Promise<Facts> {
  const text =
    await demandOn(host, `. ${shWord(`/opt/vgen/apps/${app}.sh`)} && . ${shWord(`/opt/vgen/apps/${app}/blue.sh`)} &&
      printf '%s\\n' "$dir" "$slot_health" "$live"`);
  const [dir = '', health = '', live = ''] = text.split('\n');
  const [, address = '', port = ''] = /^(.*):(\d+)$/.exec(live) ?? [];
  const served = { address, port: Number(port), name: 'rehearsal', tls: false, path: health || '/' };
  return { dir, health, live: address === '' ? null : served };
}

/** Whether a release can be made of what lies there. */
export const isArtifact = (path: string): boolean => {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && (stat.isFile() || stat.isDirectory());
};

/** Runs a script that has to succeed and returns what it prints. @throws Error with its words. */
export async function demandOn(host: RehearsalHost, script: string, stdin?: string | Buffer): Promise<string> {
  const { code, stdout, stderr } = await host.run(script, { stdin });
  if (code !== 0) throw new Error(`"${script}" ended with code ${code} on ${host.name}\n${stdout}${stderr}`.trim());
  return stdout;
}

/** One word of a shell. */
