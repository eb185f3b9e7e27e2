// The command line: finds the command, loads its module, reads the words by its declaration, and turns its answer into
// an exit code. Exit codes, frozen: 0 good · 1 the answer is no · 2 could not be done · 3 refused for safety.
import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { optionName, type CommandDeclaration, type Parameter, type Parameters } from './commands/declaration.ts';
import { sections } from './commands/index.ts';
import { Failure } from './contract/diagnostic.ts';
import { nearest } from './kit/nearest.ts';
import { Output } from './print/output.ts';
import { rememberCommand } from './process/command-line.ts';
import { ownFile } from './process/own-files.ts';
import { sourceStack } from './process/stack.ts';
import { isSystemError, systemFailure } from './process/system-error.ts';

const { version } = JSON.parse(readFileSync(ownFile('package.json'), 'utf8')) as { version: string };
/** The command as it is called: `vgen certs ca`. */
const [called, calledInGroup] = process.argv.slice(2).filter(word => !word.startsWith('-') && word !== 'help');
let declaration: CommandDeclaration | null = null;

const examples = (lines: Readonly<Record<string, string>>): string => {
  const width = Math.max(...Object.keys(lines).filter(line => lines[line]).map(line => line.length));
  return `\nExamples:\n${Object.entries(lines)
    .map(([line, what]) => `  ${what ? `${line.padEnd(width)}   ${what}` : line}\n`).join('')}`;
};

const program = new Command('vgen')
  .description('Compiles one inventory into a reviewed tree of files per host, and applies the trees.')
  .version(version)
  .exitOverride()
  // errors are printed below, in one form
  .configureOutput({ outputError: () => undefined })
  .enablePositionalOptions()
  .addHelpText('after', examples({
    'vgen init': 'write a commented inventory.yaml',
    'vgen build': 'compile inventory.yaml into out/',
    'vgen build --check': 'for CI: exit code 1 if out/ is not up to date',
    'vgen diff --impact': 'what would reload, restart or go down',
    'vgen why out/eu1/etc/nginx/nginx.conf:40': 'the inventory line behind a line',
    'vgen rehearse': 'everything on local containers first',
    'vgen apply --canary eu1': 'install out/ on all hosts, eu1 first',
    'vgen deploy web build/web --switch': 'a release that goes live when it is healthy',
  }));

// "vgen diff | head": who reads has read enough
process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
  if (cause.code !== 'EPIPE') {
    process.stderr.write(`vgen: the result could not be written (${cause.code ?? cause.message})\n`);
    process.exit(2);
  }
  process.exit();
});

rememberCommand(process.argv.slice(2));
// a script, which the bundle is, cannot await at its top
void main();

async function main(): Promise<void> {
  try {
    checkHelp();
    await addCommands();
    await program.parseAsync();
  } catch (cause) {
    if (cause instanceof CommanderError) {
      if (cause.exitCode !== 0) failed(cause.code === 'commander.help' ? '' : usageText(cause), 'no command', 2);
    } else if (cause instanceof Failure) {
      failed(cause.message, cause.message, cause.exit);
    } else if (isSystemError(cause) && (cause.path !== undefined || cause.syscall === 'uv_cwd')) {
      const { message, exit } = systemFailure(cause, '.');
      failed(message, message, exit);
    } else {
      // 1 would say "the answer is no"
      failed(`this is a mistake of vgen itself; please report it\n${sourceStack(cause)}`, String(cause), 2);
    }
  }
}

/** Commander answers a request for help with that of the program where it does not know the command. */
function checkHelp(): void {
  if (!process.argv.slice(2).some(word => ['help', '--help', '-h'].includes(word)) || called === undefined) return;
  const commands = new Map(Object.values(sections).flatMap(one => Object.entries(one)));
  const entry = commands.get(called);
  const parts = entry && 'commands' in entry ? Object.keys(entry.commands) : null;
  const [typed, known] = entry ? [calledInGroup, parts] : [called, [...commands.keys()]];
  if (typed === undefined || known === null || known.includes(typed)) return;
  const near = nearest(typed, known);
  throw new Failure(`unknown command "${typed}"${near === null ? '' : `; did you mean ${near}?`}`);
}

/** Adds all commands by name and summary, and what the called one declares. */
async function addCommands(): Promise<void> {
  for (const [heading, commands] of Object.entries(sections)) {
    for (const [name, entry] of Object.entries(commands)) {
      const command = program.command(name).description(entry.summary).helpGroup(heading);
      if ('load' in entry) {
        if (name === called) declare(command, (await entry.load()).command);
        continue;
      }
      command.addHelpText('after', examples(entry.examples));
      for (const [part, { summary, load }] of Object.entries(entry.commands)) {
        const inGroup = command.command(part).description(summary);
        if (name === called && part === calledInGroup) declare(inGroup, (await load()).command);
      }
    }
  }

  // where "help" is listed
  program.commandsGroup(Object.keys(sections).at(-1) ?? '');
}

/** Gives a command what its module declares. */
function declare(command: Command, declared: CommandDeclaration): void {
  declaration = declared;
  const summary = command.description();
  const sentence = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
  command.summary(summary).description(declared.about === undefined ? sentence : `${sentence} ${declared.about}`);
  for (const { placeholder, help, default: written } of Object.values(declared.arguments)) {
    command.argument(placeholder, written === null ? help : `${help} (default: ${written})`);
  }
  for (const [name, one] of Object.entries(declared.options)) command.addOption(optionOf(name, one));
  command.passThroughOptions(declared.isPassedThrough ?? false).addHelpText('after', examples(declared.examples));
  command.action(async (...words: unknown[]) => {
    const written: Record<string, unknown> = { ...command.opts() };
    Object.keys(declared.arguments).forEach((name, i) => { written[name] = words[i]; });
    const given =
      valuesOf({ ...declared.arguments, ...declared.options }, written, new Set(Object.keys(declared.options)));
    process.exitCode = await declared.run(given as never, new Output(written['json'] === true));
  });
}

function optionOf(
  name: string, { kind, letter, placeholder, help, default: written, isRequired, heading }: Parameter<unknown>,
): Option {
  const flags = `${letter === null ? '' : `-${letter}, `}${optionName(name)} ${placeholder}`.trimEnd();
  const option =
    new Option(flags, written === null ? help : `${help} (default: ${written})`).makeOptionMandatory(isRequired);
  if (kind === 'list') option.argParser((one, before: string[] = []) => [...before, one]);
  return heading === null ? option : option.helpGroup(heading);
}

/** What was written or holds by default, read as each parameter says. */
function valuesOf(
  parameters: Parameters, written: Readonly<Record<string, unknown>>, options: ReadonlySet<string>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(parameters).flatMap(([name, { kind, default: fallback, read }]) => {
    const word = written[name] ?? fallback ?? undefined;
    const shown = options.has(name) ? optionName(name) : name;
    if (kind === 'flag') return [[name, word === true]];
    if (kind === 'list') return [[name, [word ?? []].flat().map(one => read(one as string, shown))]];
    return word === undefined ? [] : [[name, read(word as string, shown)]];
  }));
}

/** What is wrong with the words of the command line, and what to write instead. */
function usageText({ code, message }: CommanderError): string {
  const text = message.replace(/^error: /, '').replaceAll('\'', '"')
    .replace(/\n\(Did you mean (.*)\?\)/, '; did you mean $1?');
  const [option = ''] = /--[\w-]+/.exec(text) ?? [];
  const now = code === 'commander.unknownOption' ? declaration?.renamed?.[option] : undefined;
  if (now !== undefined) return `${option} is now ${now}`;
  if (code !== 'commander.excessArguments') return text;
  const [, name = '', taken = '', got = ''] = /for "(\S+)"\. Expected (\d+) .* got (\d+)/.exec(text) ?? [];
  const most = taken === '0' ? 'no arguments' : `at most ${taken}`;
  return `${name} takes ${most}, not ${got}; options that take several values are repeated: `
    + '-i a.yaml -i b.yaml, --on eu1 --on eu2';
}

/** Says why there is no result, to people and with --json to programs. */
function failed(text: string, failure: string, exit: 2 | 3): void {
  process.exitCode = exit;
  const output = new Output(process.argv.includes('--json'));
  if (text) output.note(`vgen: ${text}`);
  output.data({ failure: text || failure, exit });
}
