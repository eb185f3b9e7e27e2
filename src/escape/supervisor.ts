// supervisord.conf 4.2 (docs/formats.md#supervisor). A line passes through configparser (white space and then
// ; or # starts a comment, even inside quotes), Python's % formatting, and shlex: without escapes in
// environment=, POSIX in command=. `%(here).0s` formats to nothing after the comments are gone, so it can
// stand between white space and a ; or #.
import { Inexpressible, requireText } from './inexpressible.ts';

const requireLine = (grammar: string, value: string): void => {
  requireText(grammar, value);
  if (/[\r\n]/.test(value)) throw new Inexpressible(grammar, 'a supervisor value cannot hold a line break');
};

// Where there is an [include], the raw text "%(here)s" is replaced before any formatting (options.py, expand_here):
// so no percent sign may be followed by "(" at once.
const percents = (value: string): string => value.replaceAll('%', '%%').replaceAll('%%(', '%%%(here).0s(');

// Guards more than white space, because "not printable ASCII" needs no Unicode table on the host (encode.sh).
const guarded = (value: string): string =>
  percents(value.replace(/(?<=[^!-~])[;#]/g, '\0$&')).replaceAll('\0', '%(here).0s');

/**
 * `value`, with its quotes, for KEY=<here> in environment= of a [program:x] section; wrong for [supervisord], which
 * formats twice. Throws for line breaks, NUL, lone surrogates, a value with both kinds of quotes, and one that starts
 * or ends with a quote, for supervisor strips all of those.
 */
export const supervisorEnvValue = (value: string): string => {
  requireLine('supervisorenv', value);
  if (value.includes('"') && value.includes("'")) {
    throw new Inexpressible('supervisorenv', 'a supervisor environment value cannot hold both kinds of quotes');
  }
  if (/^["']|["']$/.test(value)) {
    throw new Inexpressible('supervisorenv', 'a supervisor environment value cannot start or end with a quote');
  }
  const quote = value.includes('"') ? "'" : '"';
  return quote + guarded(value) + quote;
};

/** `value` as one word of command=; no shell reads it. Throws for line breaks, NUL and lone surrogates. */
export const supervisorWord = (value: string): string => {
  requireLine('supervisorword', value);
  if (/^[A-Za-z0-9_./:@+=,-]+$/.test(value)) return value;
  return `'${guarded(value).replaceAll("'", `'"'"'`)}'`;
};

/**
 * `value` as the rest of a line: directory=, user=, stdout_logfile=. Throws for line breaks, NUL, lone surrogates, and
 * for what configparser would eat: white space at either end, and ; or # at the start or after white space.
 */
export const supervisorValue = (value: string): string => {
  requireLine('supervisorvalue', value);
  const blank = '[\\s\\x1c-\\x1f\\x85]';  // str.isspace() of Python
  if (new RegExp(`^${blank}|${blank}$`).test(value)) {
    throw new Inexpressible('supervisorvalue', 'a supervisor value cannot start or end with white space');
  }
  if (new RegExp(`(?:^|${blank})[;#]`).test(value)) {
    throw new Inexpressible('supervisorvalue', 'a supervisor value cannot hold ; or # where a comment would start');
  }
  return percents(value);
};
