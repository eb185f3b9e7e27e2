// One word of bash, dash or any POSIX shell (POSIX 2.2.2, single quotes): nothing is special between single quotes, and
// a single quote is closed, escaped and opened again. Never printf %q, which dash misreads (docs/formats.md#shells).
import { Inexpressible, requireText } from './inexpressible.ts';

const bare = /^[A-Za-z0-9_./:@%+=,-]+$/;
const assignment = /^[A-Za-z_][A-Za-z0-9_]*\+?=/;
const reserved = new Set(('case coproc do done elif else esac fi for function if in select then time until while')
  .split(' '));

/**
 * `value` as one shell word: bare where no shell reads it otherwise in any position, else in single quotes.
 * A file descriptor is the exception (`2>`): leave a blank before `>`. Throws for NUL and lone surrogates only.
 */
export const shWord = (value: string): string => {
  requireText('sh', value);
  if (bare.test(value) && !assignment.test(value) && !reserved.has(value)) return value;
  return `'${value.replaceAll("'", "'\\''")}'`;
};

/**
 * `value` in double quotes for `KEY=<here>` in a file that systemd reads as EnvironmentFile= and bash or dash with `.`:
 * backslash, dollar, backquote and double quote are the four that all three unescape
 * (docs/formats.md#environment-files). Throws for NUL and lone surrogates, and for Unicode's noncharacters: systemd
 * calls those invalid UTF-8 and does not start the unit (utf8.c, unichar_is_valid).
 */
export const envfileValue = (value: string): string => {
  requireText('envfile', value);
  if (/\p{Noncharacter_Code_Point}/u.test(value)) {
    throw new Inexpressible('envfile', 'systemd refuses an environment with a Unicode noncharacter');
  }
  return `"${value.replace(/["\\$`]/g, '\\$&')}"`;
};
