// The view of install.sh: what a host gets, in the words that the engine on the host knows.
import { seconds } from '../kit/duration.ts';
import { changeText } from '../contract/manifest.ts';
import type { HostPlan } from '../contract/plan.ts';

/** The view that templates/host/install.sh.njk prints. */
export function installView(plan: HostPlan): object {
  return {
    at: plan.host.at,
    host: plan.host.name,
    confirm: plan.host.confirm === null ? null : seconds(plan.host.confirm),
    packages: plan.packages.map(({ name, why, at }) => ({ name, why, at })),
    users: plan.users.map(({ name, home, shell, groups, why, at }) => ({ name, home, shell, groups: groups.join(','), why, at })),
    secrets: plan.secrets,
    certificates: plan.certificates.map(({ name, group, names, why, at }) => ({ name, group, names: names.join(','), why, at })),
    programs: plan.programs.map(({ path, url, why, at }) => ({ path, url, why, at })),
    files: plan.files.map(file => ({
      kind: file.kind, path: file.path, at: file.at,
      mode: 'mode' in file ? file.mode : null, owner: 'owner' in file ? file.owner : null,
      target: 'target' in file ? file.target : null,
      secret: file.kind === 'file' && file.secrets.length > 0,
      options: file.kind === 'file' ? [
        ...file.check ? [`check=${file.check}`] : [],
        ...file.onChange.map(change => changeText(change).replace(':', '=')),
      ] : [],
    })),
    units: plan.units.map(({ name, why, at }) => ({ name, why, at })),
    slots: plan.apps.flatMap(app => app.slots.map(slot => ({ app: app.name, slot: slot.name, at: slot.at }))),
  };
}
