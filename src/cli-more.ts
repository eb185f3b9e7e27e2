// The commands that look at hosts, keep their secrets, and write what CI and Ansible need.
import type { Command } from 'commander';
import type { Output } from './commands/output.ts';

interface Common { inventory?: string[]; out: string; json?: boolean; on?: string[]; sshConfig?: string; parallel?: string }

/** What src/cli.ts lends: how it prints, names inventory files and writes examples. */
export interface Lent {
  readonly output: (options: { json?: boolean }) => Output;
  readonly files: (options: { inventory?: string[] }) => string[];
  readonly examples: (...lines: string[]) => string;
}

const several = (value: string, before: string[] = []): string[] => [...before, value];

const fleet = (command: Command, trees = '-o, --out <dir>'): Command => command
  .option('-i, --inventory <file>', 'inventory file; may be given again (default: inventory.yaml)', several)
  .option(trees, 'directory of the trees', 'out')
  .option('--on <hosts>', 'NAME, tag:NAME, region:NAME or all; several by comma or by giving it again', several)
  .option('--ssh-config <file>', 'ssh configuration in place of your own')
  .option('--parallel <n>', 'hosts at a time (default: by cores and open files)')
  .option('--json', 'print the result as JSON');

/** Adds the commands to the program. */
export function addMore(program: Command, { output, files, examples }: Lent): void {
  fleet(program.command('plan'), '-o, --trees <dir>')
    .description('what an apply would change on the hosts, and reload, restart or start; changes nothing; exit 1 if anything')
    .option('--out <file>', 'write the plan; "vgen apply FILE" does that and nothing else')
    .option('--markdown', 'print it for a comment on a pull request or a job summary')
    .addHelpText('after', examples(
      'vgen plan                           all hosts',
      'vgen plan --on eu1 --out plan.json  then: vgen apply plan.json',
      'vgen plan --markdown                for a pull request',
    ))
    .action(async (options: Omit<Common, 'out'> & { trees: string; out?: string; markdown?: boolean }) => {
      const { plan } = await import('./commands/plan.ts');
      const { out, trees, ...rest } = options;
      process.exitCode = await plan(files(options), { ...rest, out: trees, ...out === undefined ? {} : { plan: out } }, output(options));
    });

  fleet(program.command('drift'))
    .description('what somebody changed on the hosts since the last apply; changes nothing; exit 1 if anything')
    .addHelpText('after', examples(
      'vgen drift',
      'vgen drift --on tag:edge --json',
    ))
    .action(async (options: Common) => {
      const { drift } = await import('./commands/drift.ts');
      process.exitCode = await drift(files(options), options, output(options));
    });

  const secrets = program.command('secrets').description('the values of secrets on the hosts; none is ever shown');
  fleet(secrets.command('check'))
    .description('per host whether each secret is present, stale (another value than its source has) or missing; exit 1 if not all are present')
    .argument('[names...]', 'only these secrets')
    .addHelpText('after', examples(
      'vgen secrets check',
      'vgen secrets check --on eu1 redisPassword',
    ))
    .action(async (names: string[], options: Common) => {
      const { check } = await import('./commands/secrets.ts');
      process.exitCode = await check(files(options), names, options, output(options));
    });
  fleet(secrets.command('push'))
    .description('put the values of their sources onto the hosts, and restart what reads those that changed')
    .argument('[names...]', 'only these secrets')
    .addHelpText('after', examples(
      'vgen secrets push                            before the first apply, and after a value changed',
      'vgen secrets push --on region:eu smtpPass',
    ))
    .action(async (names: string[], options: Common) => {
      const { push } = await import('./commands/secrets.ts');
      process.exitCode = await push(files(options), names, options, output(options));
    });

  fleet(program.command('doctor'))
    .description('what an apply would stumble over: reachability, sudo, disk, clock, system, programs, ports, DNS; exit 1 if something is wrong')
    .addHelpText('after', examples(
      'vgen doctor',
      'vgen doctor --on eu1 --json',
    ))
    .action(async (options: Common) => {
      const { doctor } = await import('./commands/doctor.ts');
      process.exitCode = await doctor(files(options), options, output(options));
    });
}
