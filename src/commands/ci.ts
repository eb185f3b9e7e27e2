import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { ansibleInventory, ansiblePlaybook } from '../export/ansible.ts';
import { github, type Ci } from '../export/github.ts';
import { gitlab } from '../export/gitlab.ts';
import { Failure } from '../contract/diagnostic.ts';
import { readFleet } from '../fleet/connect/inventory.ts';
import { hostScript } from '../fleet/connect/script.ts';
import type { Secret } from '../fleet/secrets/sources.ts';
import { chooseHosts, targetOf } from '../fleet/connect/targets.ts';
import type { Model, Section } from '../contract/model.ts';
import type { RolloutWritten } from '../schema/rollout.ts';
import { inventoryOf, type FleetOptions } from './fleet.ts';
import type { Output } from '../print/output.ts';

export interface CiOptions extends FleetOptions {
  readonly out: string;
  readonly shards: string;
  readonly environment: string;
  readonly branch: string;
  readonly file?: string;
  readonly force?: boolean;
}

const FILES = { github: '.github/workflows/vgen.yml', gitlab: '.gitlab-ci.yml' } as const;

/** Writes the pipeline for GitHub or GitLab. */
export async function ci(kind: 'github' | 'gitlab', options: CiOptions, output: Output): Promise<number> {
  const model = await modelOf(options, output);
  if (!model) return 1;
  const { out, environment, branch } = options;
  const inventory = inventoryOf(options).join(' ');
  const wrong = [['--environment', environment], ['--branch', branch], ['--out', out], ['--inventory', inventory]].find(([, value]) => !/^[A-Za-z0-9_.][A-Za-z0-9_./-]*$/.test(value ?? ''));
  if (wrong) throw new Failure(`${wrong[0] ?? ''} "${wrong[1] ?? ''}" cannot be written into a pipeline; letters, digits and the marks _ . / - can, and one inventory file`);
  const declared = Object.values((model.sections['secrets'] ?? {}) as Section<Secret>);
  const made: Ci = { inventory, out, environment, branch, shards: number('--shards', options.shards), secrets: [...new Set(declared.flatMap(({ env }) => env ?? []))].sort() };
  put(options.file ?? FILES[kind], kind === 'github' ? github(made) : gitlab(made), options, output);
  return 0;
}

/** Writes apply.sh, which brings one host to its tree with bash, rsync and ssh alone. */
export function ciScript(options: { file?: string; force?: boolean; json?: boolean }, output: Output): number {
  put(options.file ?? 'apply.sh', hostScript('src/export/apply.sh'), options, output, true);
  return 0;
}

/** Prints the hosts of one of several equal jobs, by comma. */
export async function ciHosts(options: FleetOptions & { shard: string }, output: Output): Promise<number> {
  const model = await modelOf(options, output);
  if (!model) return 1;
  const [, index = '', of = ''] = /^(\d+)\/(\d+)$/.exec(options.shard) ?? [];
  const [shard, shards] = [number('--shard', index), number('--shard', of)];
  if (shard > shards) throw new Failure(`--shard ${options.shard}: there are only ${shards}`);
  const hosts = chooseHosts(model, options.on).map(({ name }) => name).filter((_, i) => i % shards === shard - 1);
  output.data({ hosts });
  if (hosts.length) output.say(hosts.join(','));
  return 0;
}

/** Writes an inventory and a playbook for Ansible. */
export async function exportAnsible(options: FleetOptions & { out: string; dir: string; force?: boolean }, output: Output): Promise<number> {
  const model = await modelOf(options, output);
  if (!model) return 1;
  const rollout = model.sections['rollout'] as RolloutWritten;
  const out = relative(resolve(options.dir), resolve(options.out)) || '.';
  put(join(options.dir, 'inventory.yml'), ansibleInventory(chooseHosts(model, options.on), targetOf), options, output);
  put(join(options.dir, 'playbook.yml'), ansiblePlaybook(out, String(rollout.batch ?? '100%')), options, output);
  return 0;
}

async function modelOf(options: FleetOptions, output: Output): Promise<Model | null> {
  const inventory = await readFleet(inventoryOf(options));
  if (!inventory.model) output.data(output.diagnostics(inventory));
  return inventory.model;
}

function number(flag: string, text: string): number {
  if (!/^[1-9][0-9]{0,2}$/.test(text)) throw new Failure(`${flag} wants ${flag === '--shard' ? 'a place such as 2/4' : 'a number from 1 to 999'}, not "${text}"`);
  return Number(text);
}

/** Writes a file of ours; one that somebody else wrote is left alone. "-" is stdout. */
function put(file: string, text: string, { force }: { force?: boolean }, output: Output, executable = false): void {
  if (file === '-') {
    output.raw(text);
    return;
  }
  if (existsSync(file) && !force && !/^(#!.*\n)?# Made by "?vgen /.test(readFileSync(file, 'utf8'))) {
    throw new Failure(`${file} is there and vgen did not write it; name another with --file, or overwrite it with --force`, { exit: 3 });
  }
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    if (executable) chmodSync(file, 0o755);
  } catch (cause) {
    throw new Failure(`cannot write ${file} (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`, { cause });
  }
  output.data({ written: file });
  output.say(`wrote ${file}`);
}
