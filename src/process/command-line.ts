// The command that vgen was called with. A remedy that vgen prints is a whole command: it can be run as it is printed.
import { shWord } from '../escape/sh.ts';

let given: readonly string[] = [];

/** Keeps the words after `vgen`; called once, when it starts. */
export function rememberCommand(words: readonly string[]): void {
  given = words;
}

/** Whether vgen was called with this option, in just these letters. */
export const isGiven = (option: string): boolean => given.includes(option);

/** Options with a value that say which fleet is meant, as they may be written. */
const OPTIONS = {
  inventory: ['-i', '--inventory'], out: ['-o', '--out'], on: ['--on'], sshConfig: ['--ssh-config'],
} as const;
type Kept = keyof typeof OPTIONS;

const line = (words: readonly string[]): string => ['vgen', ...words.map(shWord)].join(' ');

/** This command once more, with further options, such as `--retry-failed` or `--wait 10m`. */
export const sameCommand = (more: readonly string[] = []): string =>
  line([...given, ...more.filter(option => !isGiven(option)).flatMap(option => option.split(' '))]);

/** Another command over the same fleet: with the options among `kept` that this one was given. */
export const otherCommand = (words: readonly string[], kept: readonly Kept[] = ['inventory', 'sshConfig']): string =>
  line([...words, ...kept.flatMap(option => valuesOf(OPTIONS[option]))]);

/** An option with its values as they were written: `-i a.yaml`, `-ia.yaml`, `--inventory=a.yaml`. */
function valuesOf(names: readonly string[]): string[] {
  return given.flatMap((word, i) => {
    if (names.includes(word)) return given[i + 1] === undefined ? [] : [word, given[i + 1] ?? ''];
    const isJoined = names.some(name => word.startsWith(name.startsWith('--') ? `${name}=` : name) && word !== name
      && (name.startsWith('--') || !word.startsWith('--')));
    return isJoined ? [word] : [];
  });
}
