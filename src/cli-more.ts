// The commands that look at hosts, keep their secrets, and write what CI and Ansible need.
import type { Command } from 'commander';
import { onHosts, type Shared } from './cli-fleet.ts';
import type { FleetOptions } from './commands/fleet.ts';

type OnTrees = FleetOptions & { out: string };

const onTrees = (command: Command): Command => onHosts(command).option('-o, --out <dir>', 'directory of the trees', 'out');

/** Adds the commands to the program. */
export function addMore(program: Command, { output, examples }: Shared): void {
  onHosts(program.command('plan'))
    .description('what an apply would change on the hosts, and reload, restart or start; changes nothing; exit 1 if anything')
    .option('-o, --trees <dir>', 'directory of the trees', 'out')
    .option('--out <file>', 'write the plan; "vgen apply FILE" does that and nothing else')
    .option('--markdown', 'print it for a comment on a pull request or a job summary')
    .addHelpText('after', examples(
      'vgen plan                           all hosts',
      'vgen plan --on eu1 --out plan.json  then: vgen apply plan.json',
      'vgen plan --markdown                for a pull request',
    ))
    .action(async (options: FleetOptions & { trees: string; out?: string }) => {
      const { plan } = await import('./commands/plan.ts');
      const { out, trees, ...rest } = options;
      process.exitCode = await plan({ ...rest, out: trees, ...out === undefined ? {} : { plan: out } }, output(options));
    });

  onTrees(program.command('drift'))
    .description('what somebody changed on the hosts since the last apply; changes nothing; exit 1 if anything')
    .addHelpText('after', examples(
      'vgen drift',
      'vgen drift --on tag:edge --json',
    ))
    .action(async (options: OnTrees) => {
      const { drift } = await import('./commands/drift.ts');
      process.exitCode = await drift(options, output(options));
    });

  const secrets = program.command('secrets').description('the values of secrets on the hosts; none is ever shown');
  onTrees(secrets.command('check'))
    .description('per host whether each secret is present, stale (another value than its source has) or missing; exit 1 if not all are present')
    .argument('[names...]', 'only these secrets')
    .addHelpText('after', examples(
      'vgen secrets check',
      'vgen secrets check --on eu1 redisPassword',
    ))
    .action(async (names: string[], options: OnTrees) => {
      const { check } = await import('./commands/secrets.ts');
      process.exitCode = await check(names, options, output(options));
    });
  onTrees(secrets.command('push'))
    .description('put the values of their sources onto the hosts, and restart what reads those that changed')
    .argument('[names...]', 'only these secrets')
    .addHelpText('after', examples(
      'vgen secrets push                            before the first apply, and after a value changed',
      'vgen secrets push --on region:eu smtpPass',
    ))
    .action(async (names: string[], options: OnTrees) => {
      const { push } = await import('./commands/secrets.ts');
      process.exitCode = await push(names, options, output(options));
    });

  onTrees(program.command('doctor'))
    .description('what an apply would stumble over: reachability, sudo, disk, clock, system, programs, ports, DNS; exit 1 if something is wrong')
    .addHelpText('after', examples(
      'vgen doctor',
      'vgen doctor --on eu1 --json',
    ))
    .action(async (options: OnTrees) => {
      const { doctor } = await import('./commands/doctor.ts');
      process.exitCode = await doctor(options, output(options));
    });
}
