import { lookup } from 'node:dns/promises';
import { components } from '../components/index.ts';
import { Failure, Refused } from '../contract/diagnostic.ts';
import { expandPlain } from '../kit/expand.ts';
import { examine, readFacts, type Finding } from '../fleet/doctor.ts';
import { hostScript } from '../fleet/connect/script.ts';
import { eachLimited } from '../fleet/connect/pool.ts';
import type { Connection } from '../fleet/connect/ssh.ts';
import { readTree, type BuiltTree } from '../fleet/observe/tree.ts';
import type { Host, Model, Text } from '../contract/model.ts';
import { offer } from '../offer.ts';
import { count, type Output } from '../print/output.ts';
import { defineCommand } from './declaration.ts';
import { connectionOf, hostsOf, withFleet, type ConnectedFleet } from './fleet/open.ts';
import { comparing } from './options.ts';

interface Examined { readonly host: string; readonly findings: readonly Finding[] }

export const command = defineCommand({
  about: 'Checks reachability, sudo, disk, clock, system, programs, ports and DNS. Exit code 1 if something is wrong.',
  arguments: {},
  options: comparing,
  examples: {
    'vgen doctor': '',
    'vgen doctor --on eu1 --json': '',
  },
  run: (given, output) => withFleet(given, output, hostsOf(given), fleet => examineAll(fleet, given.out, output)),
});

async function examineAll(fleet: ConnectedFleet, out: string, output: Output): Promise<number> {
  const { offers } = offer(components, fleet.model);
  const results = await eachLimited(fleet.hosts, fleet.limit, async (host): Promise<Examined> => {
    const tree = treeOrProblem(out, host.name);
    const findings = [
      ...'problem' in tree ? [tree.problem] : [],
      ...await ask(connectionOf(fleet, host.name), host, offers.on(host, 'port'), 'problem' in tree ? null : tree.tree),
      ...await domains(fleet.model, host),
    ];
    return { host: host.name, findings };
  });
  fleet.progress.end();
  const examined = results.filter(one => one !== null);
  const wrong = examined.flatMap(({ findings }) => findings).filter(({ result }) => result === 'wrong').length;
  output.data({ hosts: examined, good: wrong === 0 });
  if (!output.json) print(examined, output);
  output.say(wrong === 0 ? `${count(examined.length, 'host')} ready`
    : output.paint('red', `${count(wrong, 'thing')} to do`));
  return wrong === 0 ? 0 : 1;
}

function treeOrProblem(out: string, host: string): { tree: BuiltTree } | { problem: Finding } {
  try {
    return { tree: readTree(out, host) };
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    return { problem: { check: 'tree', result: 'wrong', found: cause.message, todo: 'vgen build' } };
  }
}

async function ask(
  connection: Connection, { name, ssh }: Host, ports: Parameters<typeof examine>[1], tree: BuiltTree | null,
): Promise<Finding[]> {
  // the first run makes the connection, so that the time of the second is the host's alone
  const reached = await connection.run('true', { timeout: 30_000 });
  if (reached.unreachable !== null) return [{
    check: 'reach', result: 'wrong', found: reached.unreachable,
    todo: `check hosts.${name}.ssh in the inventory; try ssh yourself`,
  }];
  if (reached.code !== 0) return [{
    check: 'root', result: 'wrong', found: reached.stderr.trim().split('\n').at(-1) ?? '',
    todo: 'log in as root, or give the user sudo without a password',
  }];
  const asked = Date.now() / 1000;
  const { stdout, stderr } = await connection.run(hostScript('src/fleet/doctor.sh'), { timeout: 60_000 });
  const answered = Date.now() / 1000;
  const facts = readFacts(stdout);
  const pinned: Finding = ssh.hostKey === null
    ? {
      check: 'host key', result: 'note', found: 'not pinned',
      todo: `write hosts.${name}.ssh.hostKey; until then your known_hosts decides`,
    }
    : { check: 'host key', result: 'good', found: 'pinned', todo: '' };
  const reach: Finding = { check: 'reach', result: 'good', found: 'by ssh', todo: '' };
  return facts === null ? [reach, {
    check: 'answer', result: 'wrong', found: stderr.trim().split('\n').at(-1) ?? '', todo: 'try a shell there yourself',
  }]
    : [reach, pinned, ...examine(facts, ports, tree, [asked, answered])];
}

/** Domains that the inventory names for this host are known to the resolver of this machine. */
async function domains(model: Model, host: Host): Promise<Finding[]> {
  const names = new Set<string>();
  const walk = (node: unknown, key: string): void => {
    if (typeof node !== 'object' || node === null || node instanceof Set) return;
    const { domain, hosts } = node as { domain?: Text | null; hosts?: unknown };
    if (domain && (!(hosts instanceof Set) || hosts.has(host))) {
      try {
        names.add(expandPlain(domain, { host }));
      } catch (cause) {
        // "vgen build" says that the host has no such value
        if (!(cause instanceof Refused)) throw cause;
      }
    }
    for (const [name, child] of Object.entries(node)) if (name !== 'at') walk(child, `${key}.${name}`);
  };
  for (const [key, section] of Object.entries(model.sections)) {
    if (key !== 'hosts' && key !== 'apps') walk(section, key);
  }
  return Promise.all([...names].sort().map(async (name): Promise<Finding> => {
    try {
      const { address } = await lookup(name);
      return { check: 'dns', result: 'good', found: `${name} is ${address}`, todo: '' };
    } catch (cause) {
      return {
        check: 'dns', result: 'wrong', found: `${name}: ${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}`,
        todo: 'make the record, or look at the spelling',
      };
    }
  }));
}

function print(examined: readonly Examined[], output: Output): void {
  const width = (column: 'check' | 'found'): number =>
    Math.min(60, Math.max(...examined.flatMap(({ findings }) => findings).map(one => one[column].length)));
  const [checks, founds, hosts] = [
    width('check'), width('found'), Math.max(...examined.map(({ host }) => host.length)),
  ];
  const colour = { good: 'green', wrong: 'red', note: 'yellow' } as const;
  for (const { host, findings } of examined) {
    for (const { check, result, found, todo } of findings) {
      const painted = output.paint(colour[result], result.padEnd(5));
      const remedy = todo ? `${found.padEnd(founds)}  ${todo}` : found;
      output.say(`${host.padEnd(hosts)}  ${check.padEnd(checks)}  ${painted}  ${remedy}`);
    }
  }
}
