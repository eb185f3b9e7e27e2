// The commands that go to hosts.
import type { Command } from 'commander';
import type { ApplyOptions } from './commands/apply.ts';
import type { LogOptions } from './commands/exec.ts';
import type { FleetOptions } from './commands/fleet.ts';
import type { RunOptions } from './commands/fleet-run.ts';
import type { Output } from './print/output.ts';
import type { DeployOptions } from './commands/release.ts';

export interface Shared {
  examples(...lines: string[]): string;
  output(options: { json?: boolean }): Output;
}

// one at a time: a list would swallow the argument after it
export const another = (value: string, before: string[] = []): string[] => [...before, value];

/** What every command that goes to hosts takes. */
export const onHosts = (command: Command): Command => command
  .option('-i, --inventory <file>', 'inventory file; may be given again (default: inventory.yaml)', another)
  .option('--on <hosts>', 'only these: names, tag:x, region:x, by comma or given again (default: all)', another)
  .option('--ssh-config <file>', 'in place of your ssh_config (also: VGEN_SSH_CONFIG)')
  .option('--parallel <number>', 'hosts at a time (default: by cores and open files)')
  .option('--json', 'print the result as JSON');

const markdown = (command: Command): Command => command.option('--markdown', 'print the table as Markdown, for a job summary or a comment');

const rolling = (command: Command): Command => markdown(onHosts(command))
  .option('--canary <hosts>', 'hosts that go first; if one fails, nothing else is touched', another)
  .option('--batch <number>', 'hosts of one step: a number, or a share such as 25%')
  .option('--pause <time>', 'between two steps, such as 30s')
  .option('--max-failures <number>', 'how many hosts may fail; one that cannot be reached has failed')
  .option('--on-failure <policy>', 'when more fail: halt, rollback (hosts that are done, too) or continue')
  .option('--retry-failed', 'only the hosts that the last such run left')
  .option('--wait <time>', 'wait so long for the fleet lock of somebody else')
  .option('--message <text>', 'why, for those who meet the fleet lock')
  .option('--dry-run', 'say what would be done on which hosts; change nothing');

/** Adds them to the program. */
export function addFleetCommands(program: Command, { examples, output }: Shared): void {
  rolling(program.command('apply'))
    .description('send the reviewed out/ to the hosts and install it; nothing is compiled')
    .argument('[plan]', 'file of "vgen plan --out": refused if a tree or a host changed since')
    .option('--max-changed <share>', 'let one apply change that share of a host\'s files (default: limits.changed)')
    .option('--max-deleted <share>', 'likewise, remove (default: limits.deleted)')
    .option('--max-restarts <number>', 'likewise, restart or stop so many units and slots (default: limits.restarts)')
    .option('--allow <area>', 'let it touch firewall, sshd, sudoers or a datastore; may be given again', another)
    .option('-o, --out <dir>', 'directory of the trees', 'out')
    .option('--adopt', 'leave files that were changed by hand on a host, install the rest')
    .option('--force', 'overwrite files that were changed by hand on a host')
    .option('--older', 'out/ is meant to be older than what the hosts have')
    .addHelpText('after', examples(
      'vgen apply                                   all hosts, as "rollout" in the inventory says',
      'vgen apply --on region:eu --canary eu1       one host first',
      'vgen apply --batch 25% --pause 1m --max-failures 1 --on-failure rollback',
      'vgen apply plan.json                         what "vgen plan --out plan.json" showed',
      'vgen apply --retry-failed                    only the hosts that the last run left',
    ))
    .action(async (plan: string | undefined, options: ApplyOptions) => {
      const { apply } = await import('./commands/apply.ts');
      process.exitCode = await apply(plan, options, output(options));
    });

  rolling(program.command('deploy'))
    .description('put a release of an app into next on all its hosts; live is untouched')
    .argument('<app>', 'name of the app')
    .argument('<artifact>', 'an executable, a directory, or a .tar, .tar.gz, .tar.zst')
    .option('--release <id>', 'name of the release (default: time and first digits of the sha256)')
    .option('--switch', 'make it live when it is healthy on all hosts')
    .addHelpText('after', examples(
      'vgen deploy peerbook build/peerbook',
      'vgen deploy peerbook build.tar.gz --release v1.4.2 --switch --canary eu1',
    ))
    .action(async (app: string, artifact: string, options: DeployOptions) => {
      const { deploy } = await import('./commands/release.ts');
      process.exitCode = await deploy(app, artifact, options, output(options));
    });

  rolling(program.command('switch'))
    .description('make the next slot of an app live on all its hosts')
    .argument('<app>', 'name of the app')
    .addHelpText('after', examples('vgen switch peerbook', 'vgen switch peerbook --canary eu1 --pause 5m'))
    .action(async (app: string, options: RunOptions) => {
      const { switchApp } = await import('./commands/release.ts');
      process.exitCode = await switchApp(app, options, output(options));
    });

  rolling(program.command('rollback'))
    .description('make the release live that was live before; with --host the configuration before')
    .argument('[app]', 'name of the app')
    .option('--host', 'the configuration of the hosts instead of an app')
    .option('--to <generation>', 'with --host: that generation')
    .addHelpText('after', examples('vgen rollback peerbook', 'vgen rollback --host --on eu1'))
    .action(async (app: string | undefined, options: RunOptions & { host?: boolean; to?: string }) => {
      const { rollback } = await import('./commands/release.ts');
      process.exitCode = await rollback(app, options, output(options));
    });

  markdown(onHosts(program.command('status')))
    .description('what runs on the hosts: generation, releases, what is down, who has locked them')
    .addHelpText('after', examples('vgen status', 'vgen status --on tag:edge --json'))
    .action(async (options: FleetOptions) => {
      const { status } = await import('./commands/status.ts');
      process.exitCode = await status(options, output(options));
    });

  onHosts(program.command('logs'))
    .description('the log of an app\'s live slot, or nginx\'s')
    .argument('<app>', 'name of the app, or nginx')
    .option('--next', 'the next slot')
    .option('-n, --lines <number>', 'how many lines of each host', '20')
    .option('-f, --follow', 'go on with what is logged from now on')
    .addHelpText('after', examples('vgen logs peerbook --follow', 'vgen logs nginx --on eu1 -n 100'))
    .action(async (app: string, options: LogOptions) => {
      const { logs } = await import('./commands/exec.ts');
      process.exitCode = await logs(app, options, output(options));
    });

  onHosts(program.command('exec'))
    .description('run a command as root on the hosts')
    .argument('<command...>', 'one word is a script, several are a program and its arguments')
    .passThroughOptions()
    .addHelpText('after', examples('vgen exec uptime', 'vgen exec --on eu1 \'journalctl -p err | tail -n 5\'', 'vgen exec systemctl is-active nginx'))
    .action(async (words: string[], options: FleetOptions) => {
      const { exec } = await import('./commands/exec.ts');
      process.exitCode = await exec(words, options, output(options));
    });

  onHosts(program.command('lock'))
    .description('lock hosts for everybody, all of them or none')
    .requiredOption('--message <text>', 'why, for those who meet it')
    .option('--for <time>', 'until then, such as 2h (default: until it is unlocked)')
    .addHelpText('after', examples('vgen lock --message "freeze for the audit" --for 8h', 'vgen lock --on eu1 --message "disk is being changed"'))
    .action(async (options: FleetOptions & { message: string; for?: string }) => {
      const { lock } = await import('./commands/lock.ts');
      process.exitCode = await lock(options, output(options));
    });

  onHosts(program.command('unlock'))
    .description('unlock hosts that you have locked')
    .option('--force', 'locks of others too')
    .addHelpText('after', examples('vgen unlock', 'vgen unlock --on eu1 --force'))
    .action(async (options: FleetOptions & { force?: boolean }) => {
      const { unlock } = await import('./commands/lock.ts');
      process.exitCode = await unlock(options, output(options));
    });

  markdown(onHosts(program.command('audit')))
    .description('what was done on the hosts, when and by whom')
    .option('-n, --lines <number>', 'how many lines', '20')
    .addHelpText('after', examples('vgen audit', 'vgen audit --on eu1 -n 100 --json'))
    .action(async (options: FleetOptions & { lines?: string }) => {
      const { audit } = await import('./commands/audit.ts');
      process.exitCode = await audit(options, output(options));
    });
}
