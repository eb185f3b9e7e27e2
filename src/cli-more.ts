// The commands that look at hosts, keep their secrets, and write what CI and Ansible need.
import type { Command } from 'commander';
import { another, onHosts, type Shared } from './cli-fleet.ts';
import type { CaOptions, CertOptions, IssueOptions } from './commands/certs.ts';
import type { CiOptions } from './commands/ci.ts';
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

  const secrets = program.command('secrets').description('the values of secrets on the hosts; none is ever shown')
    .addHelpText('after', examples('vgen secrets check', 'vgen secrets push --on eu1'));
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

  addCerts(program, { output, examples });

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

  addExports(program, { output, examples });
}

const inventory = (command: Command): Command => command
  .option('-i, --inventory <file>', 'inventory file; may be given again (default: inventory.yaml)', another)
  .option('--json', 'print the result as JSON');

const written = (command: Command, file: string): Command => command
  .option('--file <file>', `where to (default: ${file}); - is stdout`)
  .option('--force', 'overwrite a file that vgen did not write');

/** Certificates of the CA of the fleet. */
function addCerts(program: Command, { output, examples }: Shared): void {
  const certs = program.command('certs').description('certificates on the hosts, and the CA of the fleet; no key leaves its host')
    .addHelpText('after', examples('vgen certs ca | age -r age1… -o ca.key.age', 'vgen certs issue', 'vgen certs status'));
  certs.command('ca')
    .description('make the CA: its certificate goes to the file that the inventory names, its key to stdout')
    .option('-i, --inventory <file>', 'inventory file; may be given again (default: inventory.yaml)', another)
    .option('--name <name>', 'its name', 'vgen CA')
    .option('--days <number>', 'how long it is good', '3650')
    .option('--add', 'put it before the one that is there, while hosts change from one to the other')
    .addHelpText('after', examples('vgen certs ca | age -r age1… -o ca.key.age', 'vgen certs ca --add | pass insert -m fleet/ca-2'))
    .action(async (options: CaOptions) => {
      const { makeCa } = await import('./commands/certs.ts');
      process.exitCode = await makeCa(options, output({}));
    });
  onTrees(certs.command('issue'))
    .description('certificates of the CA where they are missing, end soon or have other names: hosts make keys, vgen signs here')
    .option('--renew-within <days>', 'those that end within this time', '30d')
    .option('--force', 'all of them, with new keys')
    .addHelpText('after', examples('vgen certs issue', 'vgen certs issue --on app1 --force'))
    .action(async (options: IssueOptions) => {
      const { issue } = await import('./commands/certs.ts');
      process.exitCode = await issue(options, output(options));
    });
  onTrees(certs.command('status'))
    .description('who issued each certificate, for which names and for how long; exit 1 if one is missing, a placeholder or over')
    .addHelpText('after', examples('vgen certs status', 'vgen certs status --on lb1 --json'))
    .action(async (options: CertOptions) => {
      const { certStatus } = await import('./commands/certs.ts');
      process.exitCode = await certStatus(options, output(options));
    });
}

/** What other programs run. */
function addExports(program: Command, { output, examples }: Shared): void {
  const ci = program.command('ci').description('what CI runs: check, diff as a comment, plan, apply')
    .addHelpText('after', examples('vgen ci github', 'vgen ci gitlab', 'vgen ci script'));
  for (const [kind, file] of [['github', '.github/workflows/vgen.yml'], ['gitlab', '.gitlab-ci.yml']] as const) {
    written(inventory(ci.command(kind)), file)
      .description(`write the pipeline for ${kind === 'github' ? 'GitHub' : 'GitLab'}`)
      .option('-o, --out <dir>', 'directory of the trees', 'out')
      .option('--shards <number>', 'jobs that share the hosts', '1')
      .option('--environment <name>', 'environment that guards an apply', 'production')
      .option('--branch <name>', 'branch whose state is applied', 'main')
      .addHelpText('after', examples(`vgen ci ${kind}`, `vgen ci ${kind} --shards 4 --environment fleet`))
      .action(async (options: CiOptions) => {
        const commands = await import('./commands/ci.ts');
        process.exitCode = await commands.ci(kind, options, output(options));
      });
  }
  written(ci.command('script'), 'apply.sh')
    .description('write apply.sh, which brings one host to its tree with bash, rsync and ssh alone')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', examples('vgen ci script', './apply.sh eu1 root@203.0.113.10'))
    .action(async (options: { file?: string; force?: boolean; json?: boolean }) => {
      const { ciScript } = await import('./commands/ci.ts');
      process.exitCode = ciScript(options, output(options));
    });
  onHosts(ci.command('hosts'))
    .description('print the hosts of one of several jobs that share them')
    .requiredOption('--shard <place>', 'such as 2/4')
    .addHelpText('after', examples('vgen plan --on "$(vgen ci hosts --shard 2/4)"'))
    .action(async (options: FleetOptions & { shard: string }) => {
      const { ciHosts } = await import('./commands/ci.ts');
      process.exitCode = await ciHosts(options, output(options));
    });

  const exports = program.command('export').description('the fleet for other programs')
    .addHelpText('after', examples('vgen export ansible'));
  onTrees(exports.command('ansible'))
    .description('write an inventory and a playbook for Ansible, which send the trees and run their install.sh')
    .option('--dir <dir>', 'where to', 'ansible')
    .option('--force', 'overwrite files that vgen did not write')
    .addHelpText('after', examples('vgen export ansible', 'ansible-playbook -i ansible/inventory.yml ansible/playbook.yml --forks 50'))
    .action(async (options: OnTrees & { dir: string; force?: boolean }) => {
      const { exportAnsible } = await import('./commands/ci.ts');
      process.exitCode = await exportAnsible(options, output(options));
    });
}
