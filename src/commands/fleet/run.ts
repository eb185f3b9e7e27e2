// What apply, deploy, switch and rollback share: flags, the lock, the record, the rollout, the table.
import { Failure } from '../../contract/diagnostic.ts';
import type { Following } from '../../fleet/apply/action.ts';
import type { Unseen } from '../../fleet/observe/observe.ts';
import { makeLive } from '../../fleet/observe/obstacles.ts';
import type { HostState } from '../../fleet/observe/state.ts';
import { exitOf, isGood, type HostResult } from '../../fleet/result.ts';
import { milliseconds, type Rollout } from '../../fleet/rollout.ts';
import { lastRun, leftOf, Recorder, type RunRecord } from '../../fleet/run-record.ts';
import { unreachable, type Ran, type Run } from '../../fleet/run.ts';
import { chooseHosts } from '../../fleet/connect/targets.ts';
import { isGiven, sameCommand } from '../../process/command-line.ts';
import type { RolloutWritten } from '../../schema/rollout.ts';
import type { ConnectedFleet } from './open.ts';
import type { Given } from '../declaration.ts';
import type { rollingOut } from '../options.ts';
import { printResults, type TableForm } from '../../print/fleet-table.ts';

/** The options of all commands that change one host after another. */
export type RunOptions = Given<typeof rollingOut>;

/** The inventory's rollout with the options over it. Throws a Failure for a canary that selects nothing. */
export function rolloutOf({ model, hosts }: Pick<ConnectedFleet, 'model' | 'hosts'>, options: RunOptions): Rollout {
  const written = model.sections['rollout'] as RolloutWritten;
  const canary = options.canary.length ? chooseHosts(model, options.canary) : [...written.canary ?? []];
  const outside = options.canary.length && !options.retryFailed
    ? canary.filter(host => !hosts.includes(host)).map(({ name }) => name) : [];
  if (outside.length) throw new Failure(`the canary ${outside.join(', ')} is not among the hosts of this run`);
  return {
    canary: new Set(canary.map(({ name }) => name)), batch: options.batch ?? written.batch,
    pause: options.pause ?? (written.pause === null ? 0 : milliseconds(written.pause)),
    failures: options.maxFailures ?? written.failures, onFailure: options.onFailure ?? written.onFailure,
  };
}

/** The recorded run whose failed hosts are meant; null without the flag. Throws a Failure when there is none. */
export function retried(action: string, app: string | null, options: RunOptions): RunRecord | null {
  if (!options.retryFailed) return null;
  const record = lastRun(options.inventory[0] ?? '', action, app);
  if (!record) throw new Failure(`no run of "vgen ${action}${app ? ` ${app}` : ''}" over this inventory is on `
    + `record, so there is nothing to try again`);
  return record;
}

/** Only the hosts that a recorded run left. */
export const onlyLeft =
  <T extends { readonly name: string }>(hosts: readonly T[], record: RunRecord | null): readonly T[] =>
    (record ? hosts.filter(({ name }) => leftOf(record).includes(name)) : hosts);

/** A run over the hosts of the fleet. */
export function runOf(
  fleet: ConnectedFleet, options: RunOptions,
  what: { action: string; app: string | null; release: string | null; commit: string | null },
): Run {
  const { action, app, release, commit } = what;
  return {
    connections: fleet.connections, limit: fleet.limit, stop: fleet.stop,
    lock: { action: ['vgen', action, app].filter(Boolean).join(' '), commit, message: options.message ?? '' },
    patience: options.wait ?? 0,
    recorder: new Recorder(options.inventory[0] ?? '', { action, app, release }, [...fleet.connections.keys()]),
    note: line => fleet.progress.note(line),
    onResult: result => fleet.progress.result(result),
  };
}

/** Follows what is done on a host, for people. */
export const following = (fleet: ConnectedFleet, host: string): Following =>
  ({ signal: fleet.stop, say: line => fleet.progress.host(host, line) });

/** Splits what was seen of the hosts: those that can be worked on, and results for those that cannot be reached. */
export function sift(
  looked: ReadonlyMap<string, HostState | Unseen>,
): { seen: Map<string, HostState>; lost: Map<string, HostResult> } {
  const seen = new Map<string, HostState>();
  const lost = new Map<string, HostResult>();
  for (const [name, one] of looked) {
    if ('unreachable' in one) lost.set(name, unreachable(name, one.unreachable));
    else seen.set(name, one);
  }
  return { seen, lost };
}

/** The engine's words for what makes another release live (way_out_text of lib/release/switch.sh). */
const WAY_OUT = /\/opt\/vgen\/bin\/vgen (switch|rollback) ([a-z][a-z0-9_-]*)/;

/** The same as a command of vgen's, for one host. */
const waysOut = (results: readonly HostResult[]): string[] => results.flatMap(({ host, why }) => {
  const [, way, app = ''] = WAY_OUT.exec(why) ?? [];
  return way === undefined ? [] : [makeLive(app, way === 'switch' ? way : 'rollback', host)];
});

/** What an option of this command would allow, and how to go on with the hosts that are left. */
function remedies(action: string, results: readonly HostResult[], form: ConcludeForm): string[] {
  const bad = results.filter(one => !isGood(one));
  // a host that has gone back would go back once more
  const left = action === 'rollback' && bad.length < results.length ? ['--retry-failed'] : [];
  // the host's own remedy repeats the options that it was called with
  const allowed = bad.filter(({ result }) => result === 'refused')
    .flatMap(({ why }) => why.match(/--(?:adopt|force|older)\b/g) ?? []).filter(option => !isGiven(option));
  const again = bad.length && form.again ? form.again(bad.map(({ host }) => host))
    : bad.some(({ result }) => result !== 'refused') ? sameCommand(['--retry-failed']) : undefined;
  return [
    ...[...new Set(allowed)].map(option => `with ${option}: ${sameCommand([option, ...left])}`),
    ...waysOut(bad),
    ...again === undefined ? [] : [`to try again where it is left: ${again}`],
  ];
}

export interface ConcludeForm extends TableForm {
  readonly isDry?: boolean;
  /** The command that goes on with these hosts, where it is not this one with `--retry-failed`. */
  readonly again?: ((hosts: readonly string[]) => string) | undefined;
}

/** Prints what came out, and returns the exit code. */
export function conclude(
  fleet: ConnectedFleet, action: string, { results, halted }: Ran, form: ConcludeForm,
): number {
  fleet.progress.end();
  const exit = exitOf(results);
  if (results.length === 0) fleet.output.note('vgen: the last run left no host of these');
  else printResults(results, fleet.output, form);
  const running = results.filter(({ result }) => result === 'running').map(({ host }) => host);
  if (halted !== null) fleet.output.note(`vgen: stopped, as ${halted}`);
  if (running.length) {
    fleet.output.note(`vgen: it goes on by itself on ${running.join(', ')}; ${form.again
      ? `once it has ended: ${form.again(running)}` : `to follow it: ${sameCommand()}`}`);
  }
  for (const text of form.isDry ? [] : remedies(action, results, form)) fleet.output.note(`vgen: ${text}`);
  fleet.output.data({ action, exit, halted, hosts: results });
  return exit;
}
