#!/usr/bin/env node
// The command line: reads the words, calls one command, turns its answer into an exit code. Commands are loaded when used.
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { Failure } from './diagnostic.ts';
import { Output } from './commands/output.ts';

// Exit codes, frozen: 0 good · 1 the answer is no · 2 could not be done · 3 refused for safety.
const version = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

interface Common { inventory?: string[]; out?: string; json?: boolean }

const program = new Command('vgen')
  .description('Compiles one inventory into a reviewed tree of files per host.')
  .version(version)
  .exitOverride()
  .showSuggestionAfterError()
  .configureHelp({ sortSubcommands: false })
  .addHelpText('after', `
Examples:
  vgen init                              write a commented inventory.yaml
  vgen build                             compile inventory.yaml into out/
  vgen build --check                     exit 1 if out/ is not what the inventory says (for CI)
  vgen diff --impact                     what would change, reload, restart and go down
  vgen why out/eu1/etc/nginx/nginx.conf:40   which inventory line made a line
`);

const inventory = (command: Command): Command => command
  .option('-i, --inventory <file...>', 'inventory files (default: inventory.yaml)')
  .option('--json', 'print the result as JSON');

const output = (options: Common): Output => new Output(options.json ?? false);
const files = (options: Common): string[] => options.inventory ?? ['inventory.yaml'];

program.command('init')
  .description('write a commented starter inventory')
  .argument('[file]', 'where to', 'inventory.yaml')
  .option('--json', 'print the result as JSON')
  .action(async (file: string, options: Common) => {
    const { init } = await import('./commands/init.ts');
    process.exitCode = init(file, output(options));
  });

inventory(program.command('validate'))
  .description('say what is wrong with the inventory; writes nothing')
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
  .action(async (options: Common & { out: string; host?: string[]; stat?: boolean; impact?: boolean }) => {
    const { diff } = await import('./commands/diff.ts');
    process.exitCode = await diff(files(options), options, output(options));
  });

program.command('schema')
  .description('print the JSON Schema of inventories')
  .action(async () => {
    const { schema } = await import('./commands/schema.ts');
    process.exitCode = schema(output({}));
  });

program.command('explain')
  .description('documentation of a key, such as apps.NAME.listen')
  .argument('[key]', 'dotted key; names of entries may be anything')
  .option('--json', 'print the result as JSON')
  .action(async (key: string | undefined, options: Common) => {
    const { explain } = await import('./commands/explain.ts');
    process.exitCode = explain(key ?? '', output(options));
  });

inventory(program.command('why'))
  .description('which inventory line, component and template made a line of a generated file')
  .argument('<place>', 'HOST/PATH:LINE, such as eu1/etc/nginx/nginx.conf:40')
  .option('-o, --out <dir>', 'directory of the trees, where the place begins with it', 'out')
  .action(async (place: string, options: Common & { out: string }) => {
    const { why } = await import('./commands/why.ts');
    process.exitCode = await why(place, files(options), options.out, output(options));
  });

for (const command of program.commands) command.exitOverride();

try {
  await program.parseAsync();
} catch (cause) {
  if (cause instanceof CommanderError) process.exitCode = cause.exitCode === 0 ? 0 : 2;
  else if (cause instanceof Failure) {
    process.stderr.write(`vgen: ${cause.message}\n`);
    process.exitCode = cause.exit;
  } else throw cause;
}
