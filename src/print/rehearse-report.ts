// How a rehearsal is told: a table, the lines of the inventory behind a failure, one line of verdict.
import type { HostRehearsal } from '../rehearse/plan.ts';
import type { Step } from '../rehearse/step.ts';
import type { Blamed } from '../rehearse/blame.ts';
import { count, type Output } from './output.ts';

const title = ({ app, step }: Step): string => (app === null ? step : `${app}: ${step}`);

const outcome = ({ result, what }: Step): string =>
  (result === 'ok' ? what : `${result === 'failed' ? 'failed' : 'not proven'}: ${what}`);

/** One line for a step that has just ended. */
export const progress = (step: Step): string =>
  `${step.host}: ${title(step)}: ${outcome(step)} (${step.seconds.toFixed(1)} s)`;

/** What a rehearsal says nothing of, by name, and why. */
export const notProven = (steps: readonly Step[]): { host: string; app: string | null; step: string; why: string }[] =>
  steps.filter(({ result }) => result === 'skipped')
    .map(({ host, app, step, what }) => ({ host, app, step, why: what }));

/** Hosts and steps in the order of hosts, each with what happened. */
export function printSteps(steps: readonly Step[], output: Output): void {
  const hosts = [...new Set(steps.map(({ host }) => host))];
  const rows = hosts.flatMap(host => steps.filter(step => step.host === host)).map(step => [
    step.host, title(step), step.seconds.toFixed(1), step.load === null ? '-' : String(step.load.requests),
    step.load === null ? '-' : String(step.load.failed),
    outcome(step),
  ]);
  const head = ['host', 'step', 'seconds', 'requests', 'failed', 'what happened'];
  const widths = head.map((word, i) => Math.max(...[...rows, head].map(row => (row[i] ?? word).length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 5 ? cell : i > 1 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ');
  output.say(output.paint('bold', line(head)));
  rows.forEach((row, i) =>
    output.say(row[5]?.startsWith('failed: ') ? output.paint('red', line(row)) : line(rows[i] ?? [])));
}

/** What was not the real thing. */
export function notes(plans: readonly HostRehearsal[]): string[] {
  const apps = new Map(plans.flatMap(plan => plan.apps.map(app => [app.name, app.artifact] as const)));
  const named = (kind: string): string =>
    [...apps].filter(([, artifact]) => artifact.kind === kind).map(([name]) => name).join(', ');
  return [
    ...plans.some(({ secrets }) => secrets.size > 0) ? ['secrets were made up'] : [],
    ...plans.some(({ hostKey, keyPairs, certificates }) =>
      hostKey !== null || keyPairs.length + certificates.length > 0)
      ? ['keys of hosts and of backups, and the CA, were made up: their public halves are others in the trees'] : [],
    ...plans.some(({ supplied }) => supplied.length > 0)
      ? ['your certificates were replaced by pairs for the same names from a CA of the rehearsal'] : [],
    ...named('stand-in') ? [`a program of vgen's stood in for ${named('stand-in')}; --artifact APP=PATH takes yours`]
      : [],
    ...named('own') ? [`your artifact for ${named('own')}: only GET was sent, and both releases were it`] : [],
    ...[...apps].flatMap(([name, artifact]) => (artifact.kind === 'stand-in' && !artifact.answers
      ? [`${name} is told no port and nobody asks it: its stand-in listens on none; `
        + `--artifact ${name}=PATH takes yours`]
      : [])),
    ...[...apps].flatMap(([name, artifact]) => (
      artifact.kind === 'none' ? [`${name} was not deployed: ${artifact.why}; --artifact ${name}=PATH takes yours`]
        : [])),
  ];
}

/** A failed step: its output, and the lines of the inventory behind it. */
export function printFailure({ step, places }: Blamed, output: Output): void {
  output.say('');
  output.say(output.paint('red', `${step.host}: ${title(step)} failed: ${step.what}`));
  const lines = step.output.split('\n').filter(Boolean);
  const left = lines.length > 40 ? lines.length - 30 : 0;
  if (left > 0) output.say(`  (${left} lines before; --json has them all)`);
  for (const line of lines.slice(left)) output.say(`  ${line}`);
  for (const one of places) {
    output.say(`${one.file}:${one.line}:${one.column}  ${one.path}  made ${one.generated} (${one.template})`);
  }
}

export function verdict(steps: readonly Step[], hosts: number, seconds: number): string {
  const failed = steps.filter(({ result }) => result === 'failed');
  const skipped = [...new Set(steps.filter(({ result }) => result === 'skipped').map(title))];
  const requests = steps.reduce((sum, { load }) => sum + (load?.requests ?? 0), 0);
  const lost = steps.reduce((sum, { load }) => sum + (load?.failed ?? 0), 0);
  const sent = `${count(requests, 'request')}, ${lost} failed`;
  const figures = `${count(hosts, 'host')}, ${count(steps.length, 'step')}, ${sent} (${seconds.toFixed(0)} s)`;
  const where = failed.map(step => `${step.host}: ${title(step)}`).join('; ');
  const open = skipped.length > 0 ? `; not proven: ${skipped.join(', ')}` : '';
  if (failed.length > 0) return `the rehearsal failed: ${where}; ${figures}${open}`;
  return `the rehearsal went well: ${figures}${open}`;
}
