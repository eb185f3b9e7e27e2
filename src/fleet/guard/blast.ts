// The blast radius: how much of a host an apply would touch. Beyond the limits it is refused, with the numbers and the
// flag that says "this is meant". Pure. A first install is no blast: there is nothing to lose.
import type { LimitsWritten } from '../../schema/guard.ts';
import type { Model } from '../../contract/model.ts';
import type { Action } from '../../contract/action.ts';
import type { Change, Foretold } from '../observe/compare.ts';
import type { HostState } from '../observe/state.ts';

/** What an apply may do unasked. Shares are percent; `allow` holds the areas that were named by flag. */
export interface Limits {
  readonly changed: number;
  readonly deleted: number;
  readonly restarts: number;
  readonly allow: readonly Area[];
}

/** As the options of a command give them; shares as `80%`. */
export interface LimitFlags {
  readonly maxChanged?: string | undefined;
  readonly maxDeleted?: string | undefined;
  readonly maxRestarts?: number | undefined;
  readonly allow?: readonly string[] | undefined;
}

/** One reason to refuse a host. */
export interface Refusal {
  readonly host: string;
  /** One sentence with the numbers. */
  readonly message: string;
  /** What lets it through, as it is written. */
  readonly flag: string;
}

export const AREAS = ['firewall', 'sshd', 'sudoers', 'datastore', 'live'] as const;
export type Area = typeof AREAS[number];

const PATHS: Readonly<Record<Area, RegExp>> = {
  firewall: /^\/etc\/(nftables|ufw|iptables|firewalld|default\/ufw)([./]|$)/,
  sshd: /^\/etc\/ssh(\/|$)|^\/etc\/systemd\/system\/sshd?\.(service|socket)/,
  sudoers: /^\/etc\/(sudoers|sudo\.conf|sudoers\.d)(\/|$)/,
  live: /^$/,
  datastore:
    /^\/(var\/lib|opt)\/(redis|valkey|postgresql|mysql|mariadb|mongodb|rabbitmq|clickhouse|elasticsearch|etcd|minio)(\/|$)/,
};
const UNITS: Readonly<Record<Area, RegExp>> = {
  firewall: /^(vgen-firewall|nftables|ufw|netfilter-persistent|firewalld)\.service$/, sshd: /^sshd?\.(service|socket)$/,
  sudoers: /^$/, live: /^$/,
  datastore:
    /^(redis|valkey|postgresql|mysql|mariadb|mongod|rabbitmq|clickhouse|elasticsearch|etcd|minio)[^/]*\.service$/,
};
const EFFECTS: Readonly<Record<Area, string>> = {
  firewall: 'a mistake locks everybody out', sshd: 'a mistake locks everybody out',
  sudoers: 'a mistake ends or gives away root',
  datastore: 'data may be lost or out of reach',
  live: 'what users see ends',
};

/** Up to this many files are a small change, whatever their share. */
const FEW = 5;
const ENGINE = /^\/opt\/vgen\/(bin|lib)\//;

/** The inventory's limits with what the flags say over them. Throws nothing: flags are checked by the command line. */
export function limitsOf(model: Model, flags: LimitFlags = {}): Limits {
  const written = model.sections['limits'] as LimitsWritten;
  const share = (flag: string | undefined, text: string): number => Number((flag ?? text).replace('%', ''));
  return {
    changed: share(flags.maxChanged, written.changed), deleted: share(flags.maxDeleted, written.deleted),
    restarts: Number(flags.maxRestarts ?? written.restarts), allow: AREAS.filter(area => flags.allow?.includes(area)),
  };
}

/** Why the host's plan goes too far; nothing if it does not. */
export function blast(plan: Foretold, state: HostState, limits: Limits): Refusal[] {
  if (plan.isNew) return [];
  const files = [...state.recorded.paths.keys()].filter(path => !ENGINE.test(path)).length;
  const touched = (...what: readonly Change['what'][]): number => plan.changes
    .filter(one => (one.kind === 'file' || one.kind === 'link') && what.includes(one.what)
      && !ENGINE.test(one.name)).length;
  return [
    ...share(plan.host, 'change', touched('change'), files, limits.changed),
    ...share(plan.host, 'be removed', touched('remove', 'restore'), files, limits.deleted),
    ...restarts(plan, limits.restarts),
    ...AREAS.filter(area => !limits.allow.includes(area)).flatMap(area => areaOf(plan, area)),
  ];
}

function share(host: string, what: 'change' | 'be removed', count: number, of: number, limit: number): Refusal[] {
  const percent = of === 0 ? 0 : Math.ceil(100 * count / of);
  if (count <= FEW || percent <= limit) return [];
  const [flag, key] = what === 'change' ? ['--max-changed', 'changed'] : ['--max-deleted', 'deleted'];
  return [{
    host, flag: `${flag} ${percent}%`,
    message: `${count} of ${of} files (${percent}%) would ${what}, more than limits.${key} (${limit}%)`,
  }];
}

function restarts({ host, actions }: Foretold, limit: number): Refusal[] {
  const ends = actions.filter(({ action }) => action === 'restart' || action === 'stop' || action === 'restart next');
  return ends.length <= limit ? [] : [{
    host, flag: `--max-restarts ${ends.length}`,
    message: `${ends.length} would restart or stop (${ends.map(({ what }) => what).join(', ')}), more than `
      + `limits.restarts (${limit})`,
  }];
}

/** A unit of a datastore that is restarted because of its settings is counted above; here it ends or its data moves. */
function areaOf({ host, changes, actions }: Foretold, area: Area): Refusal[] {
  const ends = (one: Action): boolean =>
    (area === 'datastore' ? one.action === 'stop' : one.action !== 'start' && one.action !== 'enable');
  const what = [
    ...changes.filter(({ kind, what: how, name }) => (kind === 'file' || kind === 'link' || kind === 'directory')
      && how !== 'keep' && PATHS[area].test(name)).map(({ name }) => name),
    ...actions.filter(one => (UNITS[area].test(one.what) && ends(one)) || (area === 'live' && one.action === 'end'))
      .map(one => `${one.action} ${one.what}`),
  ];
  return what.length === 0 ? []
    : [{ host, flag: `--allow ${area}`, message: `${area}: ${what.join(', ')}; ${EFFECTS[area]}` }];
}

/** The options that let all of it through; of the same limit on several hosts the widest. */
export function flagsOf(refusals: readonly Refusal[]): string[] {
  const widest = new Map<string, string>();
  for (const { flag } of refusals) {
    const [name = '', amount = ''] = flag.split(' ');
    const key = name === '--allow' ? flag : name;
    if (Number.parseInt(amount, 10) <= Number.parseInt(widest.get(key)?.split(' ')[1] ?? '-1', 10)) continue;
    widest.set(key, flag);
  }
  return [...widest.values()];
}

/** The refusal as it is shown. */
export const refusalText = (refusals: readonly Refusal[]): string =>
  refusals.map(({ host, message, flag }) => `${host}: ${message}; if that is meant: ${flag}`).join('\n');
