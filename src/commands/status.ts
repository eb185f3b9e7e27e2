import { lockText, type Lock } from '../fleet/guard/lock.ts';
import { observe } from '../fleet/observe/observe.ts';
import { makeLive } from '../fleet/observe/obstacles.ts';
import { eachLimited } from '../fleet/connect/pool.ts';
import { printTable } from '../print/fleet-table.ts';
import { count, type Output } from '../print/output.ts';
import { defineCommand, type Given } from './declaration.ts';
import { connectionOf, hostsOf, withFleet } from './fleet/open.ts';
import { connected, markdown } from './options.ts';

/** Days before its end from which a certificate is spoken of; renewals come earlier. */
const SOON = 15;

interface Slot {
  slot: string; release: string; healthy: boolean; reason: string; bad: string; pending: string;
  /** What makes another release live while this is down; absent where an older vgen installed last. */
  remedy?: string;
}
interface Status {
  good: boolean;
  /** An install is under way, or was cut short. */
  unfinished?: boolean;
  /** Absent where an older vgen installed last. */
  cutShort?: boolean;
  apps: { name: string; live: Slot; next: Slot; unfinished?: number }[];
  units: { name: string; up: boolean; state: string; pending: string }[];
  /** Absent where an older vgen installed last. */
  certificates?: { name: string; issuer: string; days: number }[];
}

interface Row { host: string; unreachable: string
  | null; generation: number | null; tree: string | null; status: Status | null; lock: Lock | null }

const options = { markdown, ...connected };

export const command = defineCommand({
  about: 'Generation, releases, units that are down, certificates that expire soon, locks. Exit code 1 if something is '
    + 'down or an install was cut short, 2 if a host cannot be reached.',
  arguments: {},
  options,
  examples: {
    'vgen status': '',
    'vgen status --on tag:edge --json': '',
  },
  run: status,
});

async function status(given: Given<typeof options>, output: Output): Promise<number> {
  return withFleet(given, output, hostsOf(given), async fleet => {
    const rows = await eachLimited(fleet.hosts, fleet.limit, async ({ name }): Promise<Row> => {
      const state = await observe(connectionOf(fleet, name), 'status', null, { signal: fleet.stop, isLast: true });
      if ('unreachable' in state) {
        return { host: name, unreachable: state.unreachable, generation: null, tree: null, status: null, lock: null };
      }
      const { generation, tree, lock } = state;
      return { host: name, unreachable: null, generation, tree, lock, status: read(state.status) };
    });
    const seen = rows.filter(row => row !== null);
    printTable(['host', 'state', 'generation', 'apps', 'remarks'], seen.map(row => [
      row.host, stateOf(row), row.generation?.toString() ?? row.tree?.slice(0, 12) ?? '-',
      row.status?.apps.map(({ name, live, next }) => `${name} ${live.release || '-'} (next ${next.release || '-'})`)
        .join(', ') || '-', remarks(row).join('; ') || '-',
    ]), output, given.markdown);
    output.data({ hosts: seen });
    return seen.some(({ unreachable }) => unreachable !== null) ? 2
      : seen.every(({ status: one }) => one?.good) ? 0 : 1;
  });
}

/** What the host says of itself; null where that has another shape. */
function read(text: string | null): Status | null {
  try {
    const said: unknown = JSON.parse(text ?? 'null');
    return isStatus(said) ? said : null;
  } catch {
    return null;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isListOf = (value: unknown, isOne: (one: Record<string, unknown>) => boolean): boolean =>
  Array.isArray(value) && value.every(one => isObject(one) && isOne(one));
const areTexts = (one: Record<string, unknown>, ...keys: readonly string[]): boolean =>
  keys.every(key => typeof one[key] === 'string');
const isSlot = (value: unknown): boolean =>
  isObject(value) && areTexts(value, 'slot', 'release', 'reason', 'bad', 'pending')
  && ['undefined', 'string'].includes(typeof value['remedy']);

const isStatus = (value: unknown): value is Status => isObject(value) && typeof value['good'] === 'boolean'
  && [value['unfinished'], value['cutShort']].every(one => one === undefined || typeof one === 'boolean')
  && isListOf(value['apps'], one => areTexts(one, 'name') && isSlot(one['live']) && isSlot(one['next']))
  && isListOf(value['units'], one => areTexts(one, 'name', 'state', 'pending') && typeof one['up'] === 'boolean')
  && isListOf(value['certificates'] ?? [], one => areTexts(one, 'name', 'issuer') && typeof one['days'] === 'number');

const stateOf = ({ unreachable, tree, status: one }: Row): string =>
  (unreachable !== null ? 'unreachable'
    : tree === null ? 'nothing installed' : one === null ? 'unknown' : one.good ? 'good'
      : one.cutShort && downIn(one).length === 0 ? 'cut short' : 'down');

/** What is down; a release that is known to be bad waits in next for its successor. */
const downIn = ({ units, apps }: Status): string[] => [
  ...units.filter(({ up }) => !up).map(({ name, state }) => `${name} is ${state}`),
  ...apps.flatMap(({ name, live, next }) => [
    ...live.reason ? [`${name}: ${live.reason}`] : [],
    ...next.reason && !next.bad ? [`${name}: next: ${next.reason}`] : [],
  ]),
];

/** Where an older vgen installed last, the host does not tell the two apart. */
const unfinishedIn = ({ unfinished, cutShort }: Status): string[] =>
  (!unfinished ? [] : cutShort ? ['an install was cut short: vgen apply finishes it']
    : [cutShort === false ? 'an install is under way' : 'an install is under way, or was cut short']);

/** How another release becomes live where live is down. */
const remediesIn = ({ apps }: Status, host: string): string[] => apps.flatMap(({ name, live: { remedy } }) =>
  (remedy === 'switch' || remedy === 'rollback' ? [`${name}: ${makeLive(name, remedy, host)}`] : []));

function remarks({ host, unreachable, status: one, lock }: Row): string[] {
  const left = one?.apps.flatMap(({ name, unfinished }) =>
    (unfinished ? [`${name}: ${count(unfinished, 'unfinished release')}`] : [])) ?? [];
  const due = [
    ...one?.units.filter(({ pending }) => pending).map(({ name }) => name) ?? [],
    ...one?.apps.flatMap(({ name, live, next }) =>
      [live, next].filter(({ pending }) => pending).map(({ slot }) => `${name}/${slot}`)) ?? [],
  ];
  const ending = one?.certificates?.filter(({ issuer, days }) => issuer === 'placeholder' || days < SOON)
    .map(({ name, issuer, days }) => {
      const end = days < 0 ? 'has expired' : `expires in ${count(days, 'day')}`;
      return `certificate ${name} ${issuer === 'placeholder' ? 'is a placeholder' : end}`;
    }) ?? [];
  return [
    ...unreachable === null ? [] : [unreachable],
    ...one ? [...unfinishedIn(one), ...downIn(one), ...remediesIn(one, host)] : [],
    ...left, ...ending,
    ...due.length ? [`former configuration: ${due.join(', ')}`] : [], ...lock ? [lockText(lock)] : [],
  ];
}
