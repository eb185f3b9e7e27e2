/** A tree on a bare host: installed, installed again, its certificates issued; and what of it is left out, by name. */
import { demandOn, putSecrets } from './apps.ts';
import { shWord } from '../escape/sh.ts';
import type { Fleet } from './fleet.ts';
import type { RehearsalHost } from './host.ts';
import type { HostRehearsal } from './plan.ts';
import { putPrograms, type Missing } from './programs.ts';
import { demandYes, No, noted, resultOf, sequence, type OnStep } from './step.ts';
import type { Substitutes } from './substitutes.ts';
import { issueCertificates, trustAsPublic } from './trust.ts';

const bin = '/opt/vgen/bin';
const incoming = '/root/vgen';

/** What is not on an installed host. */
export interface LeftOut {
  readonly programs: readonly Missing[];
  readonly units: readonly string[];
}

/** Installs twice and issues certificates. Returns what was left out; null when a step failed. */
export async function install(
  fleet: Fleet, plan: HostRehearsal, { authority, publicAuthority, trees }: Substitutes, onStep: OnStep,
): Promise<LeftOut | null> {
  const host = fleet.hosts.get(plan.name) as RehearsalHost;
  const steps = sequence(host.name, null, onStep);
  const isThere = await steps('install', async () => {
    if (publicAuthority !== null) await trustAsPublic(host, publicAuthority);
    await putSecrets(host, plan.secrets);
    await putPrograms(host, plan.programs);
    await host.push(trees.get(plan.name) ?? plan.tree, incoming);
    const output = await demandYes(host, `bash ${incoming}/install.sh`);
    // what leads into the host is put back unless somebody comes in anew and confirms it
    const { code, stdout, stderr } = await host.run(`${bin}/vgen confirm`, { fresh: true });
    if (code !== 0) throw new No('its change of a way in could not be confirmed', `${output}${stdout}${stderr}`);
    return { what: resultOf(output, host.name) };
  });
  const leftOut = isThere ? await lookForLeftOut(host, plan, onStep) : { programs: [], units: [] };
  let isGood = await steps('install again', async () => {
    const before = await processes(host, plan.units);
    const output = await demandYes(host, `bash ${incoming}/install.sh`);
    if (!output.includes('nothing to do')) throw new No('it changed something', output);
    const after = await processes(host, plan.units);
    if (before !== after) throw new No('it restarted something', `before:\n${before}\nafter:\n${after}`);
    return { what: 'nothing to do' };
  });
  if (plan.certificates.length > 0) {
    isGood = await steps('certificates', () => issueCertificates(host, plan, authority));
  }
  return isGood ? leftOut : null;
}

/** Programs that could not be had, each with the units that are not started for want of it; told as steps. */
async function lookForLeftOut(host: RehearsalHost, plan: HostRehearsal, onStep: OnStep): Promise<LeftOut> {
  const programs = plan.programs.flatMap(({ missing }) => missing ?? []);
  const units = new Set<string>();
  for (const { path, why } of programs) {
    const runs = await demandOn(host, `for unit in ${[...plan.units, ...plan.slotUnits].map(shWord).join(' ')}; do
      words=$(systemctl show --property ExecStart --value -- "$unit")
      [[ $words != *${shWord(`${path} `)}* && $words != *${shWord(`${path};`)}* ]] || echo "$unit"
    done`);
    const without = runs.split('\n').filter(Boolean);
    for (const unit of without) units.add(unit);
    onStep(noted({
      host: host.name, app: null, step: path, result: 'skipped',
      what: `${why}${without.length ? `; not started: ${without.join(', ')}` : ''}`,
    }));
  }
  return { programs, units: [...units] };
}

/** What runs, by process; a restart of anything changes it. */
async function processes(host: RehearsalHost, units: readonly string[]): Promise<string> {
  if (units.length === 0) return '';
  return demandOn(host, `systemctl show --property Id,MainPID,ActiveState ${units.map(shWord).join(' ')}`);
}
