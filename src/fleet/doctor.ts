// Whether a host is ready for what the inventory wants of it: facts from doctor.sh beside offers and tree. Each
// finding says what to do.
import { pushSecrets } from './observe/obstacles.ts';
import type { Made } from '../contract/component.ts';
import type { BuiltTree } from './observe/tree.ts';

export interface Finding {
  readonly check: string;
  /** "note": not wrong, but worth knowing. */
  readonly result: 'good' | 'wrong' | 'note';
  readonly found: string;
  /** Empty where nothing is to be done. */
  readonly todo: string;
}

type Facts = readonly (readonly string[])[];

/** MiB and share of a file system that an install with packages and a few releases wants. */
const ROOM = { mebibytes: 500, percent: 5, inodes: 5000 };
/** Seconds; beyond it TLS, logs and ordered generations go wrong. */
const SKEW = 5;

/** Reads the answer of doctor.sh; null when it did not come whole. */
export const readFacts = (text: string): Facts | null =>
  (text.endsWith('\nend\n') ? text.split('\n').filter(Boolean).map(line => line.split('\t')) : null);

/**
 * What is wrong with a host that answered.
 * @param between our time in seconds when the question was sent and when the answer was there
 * @param ports what the inventory wants to open; `tree` null where out/ has none
 */
export function examine(
  facts: Facts, ports: readonly Extract<Made, { kind: 'port' }>[], tree: BuiltTree | null,
  between: readonly [number, number],
): Finding[] {
  const of = (kind: string): (readonly string[])[] =>
    facts.filter(([first]) => first === kind).map(([, ...rest]) => rest);
  const one = (kind: string): string => of(kind)[0]?.[0] ?? '';
  return [
    root(one('user')), bash(one('bash')), os(of('os')[0] ?? []), init(of('init')[0] ?? []),
    binaries(of('lacks').map(([name = '']) => name)),
    room(of('disk'), of('inodes')), writable(of('readonly').map(([dir = '']) => dir)),
    clock(Number(one('time')), between),
    portsOf(of('port'), ports, tree), ...tree ? [secrets(of('secret').map(([name = '']) => name), tree)] : [],
    ...tree ? identity(one('host'), tree) : [], generations(Number(one('generations'))), ...lock(one('lock')),
  ];
}

const finding =
  (check: string, wrong: string | null, good: string, todo: string, result: 'wrong' | 'note' = 'wrong'): Finding =>
    (wrong === null ? { check, result: 'good', found: good, todo: '' } : { check, result, found: wrong, todo });

const root = (uid: string): Finding => finding('root', uid === '0' ? null
  : `user ${uid}`, 'runs as root', 'log in as root, or give the user sudo without a password');

function bash(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return finding('bash', major > 4 || (major === 4 && minor >= 4) ? null
    : `bash ${version}`, `bash ${version}`, 'install bash 4.4 or newer');
}

function os([id = '', version = '', like = '']: readonly string[]): Finding {
  const minimum: Readonly<Record<string, number>> = { debian: 10, ubuntu: 20.04 };
  const name = `${id} ${version}`.trim() || 'unknown';
  const least = minimum[id];
  if (least === undefined) {
    return like.includes('debian')
      ? finding('system', name, '', `like ${like}; vgen is tested on Debian and Ubuntu`, 'note')
      : finding('system', name, '', 'vgen wants Debian or Ubuntu: it installs by apt');
  }
  return finding('system', version === '' || Number(version) >= least ? null
    : name, name, `${id} ${least} or newer is needed`);
}

const init = ([name = '', state = '']: readonly string[]): Finding => (name !== 'systemd'
  ? finding('systemd', `process 1 is ${name || 'unknown'}`, '', 'vgen needs a host that systemd runs')
  : finding('systemd', state === 'degraded' ? 'degraded' : null, state, 'systemctl --failed says what', 'note'));

const PACKAGES: Readonly<Record<string, string>> = {
  'awk': 'mawk', 'findmnt': 'mount', 'flock': 'util-linux', 'ss': 'iproute2', 'useradd': 'passwd', 'apt-get': 'apt',
  'dpkg-query': 'dpkg',
  'base64': 'coreutils', 'sha256sum': 'coreutils', 'stat': 'coreutils', 'find': 'findutils', 'systemctl': 'systemd',
};

const binaries = (lacking: readonly string[]): Finding =>
  finding('programs', lacking.length ? `without ${lacking.join(', ')}` : null, 'all there',
    `apt-get install ${[...new Set(lacking.map(name => PACKAGES[name] ?? name))].join(' ')}`);

function room(disks: Facts, inodes: Facts): Finding {
  const low = [
    ...disks.filter(([, free, size]) =>
      Number(free) / 1024 < ROOM.mebibytes || Number(free) < Number(size) * ROOM.percent / 100)
      .filter(([target]) => target !== '/run').map(([target, free]) =>
        `${target} has ${Math.floor(Number(free) / 1024)} MiB free`),
    ...inodes.filter(([, free, total]) => Number(total) > 0 && Number(free) < ROOM.inodes)
      .map(([target, free]) => `${target} has ${free} inodes free`),
  ];
  const least = Math.min(...disks.filter(([target]) => target !== '/run').map(([, free]) => Number(free) / 1024));
  return finding(
    'disk', low.length ? low.join(', ') : null, `${Math.floor(least)} MiB free`,
    `free some: vgen wants ${ROOM.mebibytes} MiB and ${ROOM.percent}%, ${ROOM.inodes} inodes`,
  );
}

const writable = (dirs: readonly string[]): Finding => finding('writable', dirs.length
  ? `${dirs.join(', ')} cannot be written`
  : null, '/etc, /opt and /var/lib', 'mount it for writing');

/** The host's time lies between the question and the answer, if its clock is right. */
function clock(time: number, [asked, answered]: readonly [number, number]): Finding {
  const skew = time < asked ? time - asked : time > answered ? time - answered : 0;
  const words = `${Math.abs(skew).toFixed(1)} s ${skew < 0 ? 'behind' : 'ahead'}`;
  return finding('clock', Math.abs(skew) > SKEW ? words
    : null, skew === 0 ? 'as here' : words, 'set it: timedatectl set-ntp true (and look at the clock here)');
}

function portsOf(
  listening: Facts, wanted: readonly Extract<Made, { kind: 'port' }>[], tree: BuiltTree | null,
): Finding {
  const units = new Set([
    'supervisor.service', ...tree?.units.keys() ?? [],
    ...tree?.files.flatMap(({ path }) => /^\/etc\/systemd\/system\/([^/]+\.service)$/.exec(path)?.[1] ?? []) ?? [],
  ]);
  const everywhere = (address: string): boolean => ['*', '0.0.0.0', '[::]'].includes(address);
  const taken = wanted.flatMap(({ port, address, why }) => listening
    .filter(([number, at = '', , unit = '']) =>
      Number(number) === port && !units.has(unit) && (at === address || everywhere(at) || everywhere(address)))
    .map(([, , process = '', unit = '']) =>
      `${port} (${why}) is held by ${process}${unit === '-' ? '' : ` of ${unit}`}`));
  const numbers = new Set(wanted.map(({ port }) => port)).size;
  return finding('ports', taken.length ? [...new Set(taken)].join(', ')
    : null, `${numbers} wanted, none held by others`, 'stop it, or give the app another port');
}

function secrets(has: readonly string[], tree: BuiltTree): Finding {
  const missing = tree.secrets.filter(name => !has.includes(name));
  return finding('secrets', missing.length ? `missing ${missing.join(', ')}`
    : null, `${tree.secrets.length} there`, pushSecrets(tree.host));
}

const identity = (host: string, tree: BuiltTree): Finding[] => (host === '' || host === tree.host ? []
  : [finding('name', `this machine is ${host}`, '', `look at the address of ${tree.host} in the inventory`)]);

const generations = (good: number): Finding => finding('rollback', good > 1 ? null : good === 1 ? 'one generation'
  : 'no generation', `${good} generations`, 'nothing to go back to until the next apply', 'note');

const lock = (text: string): Finding[] =>
  (text === '' ? [] : [finding('lock', text, '', 'wait, or see vgen lock and vgen unlock', 'note')]);
