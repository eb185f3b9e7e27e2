// Commands in a sudoers file (docs/formats.md#sudoers): exact ones alone, so no wildcard and no regular expression.
import { Inexpressible, requireText } from './inexpressible.ts';

/**
 * `value` as a command that may be run just so: a backslash before the marks that separate things, and "" where there
 * are no arguments, which else would allow any. ALL is every command. Throws for all that sudo would read as a pattern.
 */
export const sudoersCommand = (value: string): string => {
  requireText('sudoers', value);
  if (value === 'ALL') return value;
  if (!/^(\/[A-Za-z0-9_.+-]+)+( [A-Za-z0-9_./@:=,+%-]+)*$/.test(value)) {
    throw new Inexpressible(
      'sudoers', 'a sudoers command is an absolute path and plain words, without wildcards and quotes',
    );
  }
  if (/^[^ ]*\/\.{1,2}(\/|$| )/.test(value)) {
    throw new Inexpressible('sudoers', 'a sudoers command cannot hold the segments . and ..');
  }
  return value.includes(' ') ? value.replace(/[,:=]/g, '\\$&') : `${value} ""`;
};
