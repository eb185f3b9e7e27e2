// What goes wrong while vgen does something, or after it: each takes the run, and is over when it returns.
import { sleep } from '../../../src/process/sleep.ts';
import type { RehearsalHost } from '../../../src/rehearse/host.ts';
import type { Ran } from '../../vgen.ts';
import type { ChaosClient } from './client.ts';
import { HOSTS, type Chaos } from './world.ts';

/** Runs the operation; `meanwhile` is given the process id of vgen. */
export type Run = (meanwhile?: (pid: number) => Promise<unknown>) => Promise<Ran>;

export interface Means {
  readonly chaos: Chaos;
  readonly client: ChaosClient;
  /** A number from 0 to below `count`. */
  readonly below: (count: number) => number;
  /** Tells the story what was done. */
  readonly note: (text: string) => void;
  /** What somebody else does at the same time. */
  readonly other: () => Promise<unknown>;
}

/** Seconds until a host that was taken away, or a program that was killed, has to answer again. */
const HEALS = 30;

/** What ends a program at once, by its name. */
const KILLS: Readonly<Record<string, string>> = {
  nginx: 'pkill -9 -x nginx', supervisord: 'pkill -9 -x supervisord || kill -9 "$(cat /run/supervisord.pid)"',
  web: 'pkill -9 -f "[/.]/web 20"', api: 'pkill -9 -f "[/.]/api 20"',
};

/** Changes by hand, of files that an apply takes up, that a slot has, and of one that goes. */
const EDITS: readonly string[] = [
  'echo more >> /etc/motd', 'echo "# by hand" >> /etc/nginx/nginx.conf', 'rm -f /etc/motd',
  'for f in /etc/systemd/system/{web,site}-{blue,green}.service; do [[ ! -e $f ]] || echo "# by hand" >> "$f"; done',
  'for f in /etc/supervisor/conf.d/*.conf; do [[ ! -e $f ]] || echo "; by hand" >> "$f"; done',
  'chmod 0666 /etc/motd; chown nobody /etc/nginx/nginx.conf', 'echo "# by hand" >> /opt/vgen/lib/core.sh',
];

/** Takes all blocks, or all inodes, of a host's disk; and gives them back. */
const FILLS: Readonly<Record<string, string>> = {
  blocks: 'fallocate -l $(( $(stat -f -c "%f * %S" /) - 8388608 )) /filler; cat /dev/zero >/filler.rest; true',
  inodes: 'mkdir /filler && cd /filler && seq $(( $(stat -f -c %d /) + 9 )) | xargs touch; true',
};
const FREE = 'rm -rf /filler /filler.rest';

export function faultsOf(means: Means): Readonly<Record<string, (run: Run) => Promise<void>>> {
  const { chaos, client, below, note } = means;
  const among = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  /** Does this with one of the hosts while failures of that are excused, and until it answers again. */
  const onOne = async (action: (host: RehearsalHost) => Promise<unknown>): Promise<void> => {
    const name = among(HOSTS);
    note(`  on ${name}`);
    await client.during(chaos.targets(name), HEALS, () => action(chaos.host(name)));
  };
  const filled = async (what: 'blocks' | 'inodes', run: Run): Promise<void> => {
    const name = among(HOSTS);
    const host = chaos.host(name);
    const { stdout, stderr } = await host.console(`exec 2>/dev/null; ${FILLS[what]}; stat -f -c "%f blocks, %d inodes" /`);
    note(`  ${name} has ${stdout.trim()}${stderr.trim()}`);
    try {
      await run();
    } finally {
      await host.console(FREE);
    }
  };
  const killed = (host: RehearsalHost): Promise<unknown> => {
    const victim = among(Object.keys(KILLS));
    note(`  ${victim} is killed`);
    return host.console(KILLS[victim] ?? '');
  };

  return {
    async 'vgen is killed'(run) {
      await run(async pid => {
        await sleep(100 + below(3000));
        try {
          process.kill(pid, 'SIGKILL');
        } catch { /* it has ended */ }
      });
    },
    async 'the engine is killed on a host'(run) {
      const host = chaos.host(among(HOSTS));
      await run(async () => {
        await sleep(200 + below(3000));
        await host.console('pkill -9 -f /opt/vgen/ || true');
      });
    },
    'the link is cut': run => onOne(host => run(async () => {
      await sleep(below(1500));
      await host.cut();
      await sleep(1000 + below(3000));
      await host.mend();
    })),
    'power is lost meanwhile': run => onOne(host => run(async () => {
      await sleep(below(3000));
      await host.powerOff();
      await host.boot();
    })),
    async 'power is lost after it'(run) {
      await run();
      // from at once to what the kernel writes by itself
      await sleep(below(4) === 0 ? 0 : below(5000));
      await onOne(async host => {
        await host.powerOff();
        await host.boot();
      });
    },
    async 'a program is killed after it'(run) {
      await run();
      await onOne(killed);
    },
    'a program is killed meanwhile': run => onOne(host => run(async () => {
      await sleep(below(3000));
      await killed(host);
    })),
    'the disk is full': run => filled('blocks', run),
    'no inode is free': run => filled('inodes', run),
    async 'two at once'(run) {
      await Promise.all([run(), means.other()]);
    },
    async 'a local edit'(run) {
      const edit = among(EDITS);
      const name = among(HOSTS);
      note(`  on ${name}: ${edit}`);
      await chaos.host(name).console(edit);
      await run();
    },
  };
}
