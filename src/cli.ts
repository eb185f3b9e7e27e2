// The command line: reads the words, calls one command, turns its answer into an exit code. Commands are loaded when used.
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { Failure } from './contract/diagnostic.ts';
import { addFleetCommands } from './cli-fleet.ts';
import { addMore } from './cli-more.ts';
import { Output } from './print/output.ts';
import { ownFile } from './process/own-files.ts';
import { sourceStack } from './process/stack.ts';

// Exit codes, frozen: 0 good · 1 the answer is no · 2 could not be done · 3 refused for safety.
const version = (JSON.parse(readFileSync(ownFile('package.json'), 'utf8')) as { version: string }).version;

interface Common { inventory?: string[]; out?: string; json?: boolean }

const program = new Command('vgen')
  .description('Compiles one inventory into a reviewed tree of files per host.')
  .version(version)
  .exitOverride()
  .enablePositionalOptions()
  .showSuggestionAfterError()
  .configureHelp({ sortSubcommands: false })
  .addHelpText('after', `
Examples:
  vgen init                              write a commented inventory.yaml
  vgen build                             compile inventory.yaml into out/
  vgen build --check                     exit 1 if out/ is not what the inventory says (for CI)
  vgen diff --impact                     what would change, reload, restart and go down
  vgen why out/eu1/etc/nginx/nginx.conf:40   which inventory line made a line
  vgen rehearse                          do it all on local containers first
  vgen apply --canary eu1                send out/ to all hosts, eu1 first
  vgen deploy peerbook build/peerbook --switch   a release to next, live once it is healthy everywhere
`);

const inventory = (command: Command): Command => command
  .option('-i, --inventory <file...>', 'inventory files (default: inventory.yaml)')
  .option('--json', 'print the result as JSON');

const examples = (...lines: string[]): string => `\nExamples:\n${lines.map(line => `  ${line}\n`).join('')}`;

const output = (options: Common): Output => new Output(options.json ?? false);
const files = (options: Common): string[] => options.inventory ?? ['inventory.yaml'];

program.command('init')
  .description('write a commented starter inventory')
  .argument('[file]', 'where to', 'inventory.yaml')
  .option('--json', 'print the result as JSON')
  .addHelpText('after', examples(
    'vgen init                   inventory.yaml',
    'vgen init fleet/prod.yaml   another name',
  ))
  .action(async (file: string, options: Common) => {
    const { init } = await import('./commands/init.ts');
    process.exitCode = init(file, output(options));
  });

inventory(program.command('validate'))
  .description('say what is wrong with the inventory; writes nothing')
  .addHelpText('after', examples(
    'vgen validate',
    'vgen validate -i prod.yaml --json   for an editor or CI',
  ))
  .action(async (options: Common) => {
    const { validate } = await import('./commands/validate.ts');
    process.exitCode = await validate(files(options), output(options));
  });

inventory(program.command('build'))
  .description('compile the inventory into out/<host>/')
  .option('-o, --out <dir>', 'directory of the trees', 'out')
  .option('--host <name...>', 'only these hosts')
  .option('--check', 'write nothing; exit 1 if out/ differs from what the inventory says')
  .option('--watch', 'build again whenever a file changes')
  .option('--force', 'overwrite files in out/ that vgen did not write')
  .addHelpText('after', examples(
    'vgen build                       all hosts',
    'vgen build --host eu1 us1        two of them; the others stay as they are',
    'vgen build --check               for CI: exit 1 if out/ is not up to date',
    'vgen build -i a.yaml b.yaml      an inventory in several files',
  ))
  .action(async (options: Common & { out: string; host?: string[]; check?: boolean; watch?: boolean; force?: boolean }) => {
    const { build } = await import('./commands/build.ts');
    process.exitCode = await build(files(options), options, output(options));
  });

inventory(program.command('diff'))
  .description('show how out/ would change; writes nothing; exit 1 if it would')
  .option('-o, --out <dir>', 'directory of the trees', 'out')
  .option('--host <name...>', 'only these hosts')
  .option('--stat', 'only counts of lines')
  .option('--impact', 'what would reload, restart or go down on each host, and why')
  .addHelpText('after', examples(
    'vgen diff                     unified text',
    'vgen diff --stat --host eu1   counts of lines of one host',
    'vgen diff --impact            what would reload, restart or go down',
  ))
  .action(async (options: Common & { out: string; host?: string[]; stat?: boolean; impact?: boolean }) => {
    const { diff } = await import('./commands/diff.ts');
    process.exitCode = await diff(files(options), options, output(options));
  });

inventory(program.command('rehearse'))
  .description('boot the fleet here as containers; install, deploy, switch and roll back')
  .option('-o, --out <dir>', 'directory of the trees', 'out')
  .option('--host <name...>', 'only these hosts')
  .option('--artifact <app=path...>', 'a build of an app: a file, a directory or a tar')
  .option('--os <name>', 'debian-12 or ubuntu-24.04 (default: the release of this machine)')
  .option('--requests <n>', 'requests sent while an app is switched', '10000')
  .option('--switches <n>', 'switches back and forth under that load', '10')
  .option('--clients <n>', 'clients that send them', '20')
  .option('--keep', 'leave the fleet up for a look round, until Ctrl-C')
  .addHelpText('after', `
It needs root on Debian or Ubuntu, and sends nothing to the real servers. The exit code is 0 if all
went well, 1 if a step failed, 2 if it cannot be done here.
${examples(
    'vgen rehearse                                  the whole fleet',
    'vgen rehearse --host eu1 --keep                one host, and leave it up',
    'vgen rehearse --artifact peerbook=build/peerbook',
    'vgen rehearse --os ubuntu-24.04 --json         on Ubuntu, for CI',
  )}`)
  .action(async (options: Common & import('./commands/rehearse.ts').RehearseOptions) => {
    const { rehearse } = await import('./commands/rehearse.ts');
    process.exitCode = await rehearse(files(options), options, output(options));
  });

program.command('schema')
  .description('print the JSON Schema of inventories')
  .option('--json', 'the same: the schema is JSON')
  .addHelpText('after', examples(
    'vgen schema > inventory.schema.json',
  ))
  .action(async () => {
    const { schema } = await import('./commands/schema.ts');
    process.exitCode = schema(output({}));
  });

program.command('explain')
  .description('documentation of a key, such as apps.NAME.listen')
  .argument('[key]', 'dotted key; names of entries may be anything')
  .option('--json', 'print the result as JSON')
  .addHelpText('after', examples(
    'vgen explain                         all sections',
    'vgen explain apps.peerbook.listen    the keys below an entry',
  ))
  .action(async (key: string | undefined, options: Common) => {
    const { explain } = await import('./commands/explain.ts');
    process.exitCode = explain(key ?? '', output(options));
  });

program.command('why')
  .description('which inventory line, component and template made a line of a generated file')
  .argument('<place>', 'HOST/PATH:LINE, such as eu1/etc/nginx/nginx.conf:40')
  // one at a time: a list would swallow the place after it
  .option('-i, --inventory <file>', 'inventory file; may be given again (default: inventory.yaml)', (file, before: string[] = []) => [...before, file])
  .option('--json', 'print the result as JSON')
  .option('-o, --out <dir>', 'directory of the trees, where the place begins with it', 'out')
  .addHelpText('after', examples(
    'vgen why out/eu1/etc/nginx/nginx.conf:40',
    'vgen why eu1/manifest.tsv:13 --json',
  ))
  .action(async (place: string, options: Common & { out: string }) => {
    const { why } = await import('./commands/why.ts');
    process.exitCode = await why(place, files(options), options.out, output(options));
  });

addFleetCommands(program, { examples, output });
addMore(program, { examples, output });

for (const command of program.commands) command.exitOverride();

/** Says to programs too why there is no result. */
function failed(message: string, exit: 2 | 3): void {
  process.exitCode = exit;
  output({ json: process.argv.includes('--json') }).data({ failure: message, exit });
}

// "vgen diff | head": who reads has read enough
process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
  if (cause.code === 'EPIPE') process.exit();
  throw cause;
});

async function main(): Promise<void> {
  try {
    await program.parseAsync();
  } catch (cause) {
    if (cause instanceof CommanderError) {
      if (cause.exitCode !== 0) failed(cause.message, 2);
    } else if (cause instanceof Failure) {
      process.stderr.write(`vgen: ${cause.message}\n`);
      failed(cause.message, cause.exit);
    } else {
      // 1 would say "the answer is no"
      process.stderr.write(`vgen: this is a mistake of vgen itself; please report it\n${sourceStack(cause)}\n`);
      failed(String(cause), 2);
    }
  }
}

// a script, which the bundle is, cannot await at its top
void main();
