// Words of a systemd 252 unit (systemd.syntax(7), systemd.service(5) "Command lines"; docs/formats.md#systemd):
// C escapes inside double quotes, %% for a percent sign, and in ExecStart= also $$ for a dollar, quoted or not.
// EnvironmentFile= is another grammar: see envfileValue in sh.ts.
import { Inexpressible, requireText } from './inexpressible.ts';

const inner = (grammar: string, value: string): string => {
  requireText(grammar, value);
  if (/\p{Noncharacter_Code_Point}/u.test(value)) {
    throw new Inexpressible(grammar, 'systemd refuses a unit with a Unicode noncharacter');
  }
  return value
    .replace(/["\\]/g, '\\$&')
    .replaceAll('%', '%%')
    .replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')
    .replace(/[\x01-\x1f\x7f]/g, char => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
};

/**
 * `value` for `Environment="KEY=<here>"`; the quotes around the whole assignment are the template's.
 * Not for secrets: `systemctl show` prints it to any user. Throws for NUL, lone surrogates and noncharacters.
 */
export const systemdEnvValue = (value: string): string => inner('systemdenv', value);

/** `value` as one argument (not argv[0]) of ExecStart= and its like. Throws as `systemdEnvValue` does. */
export const systemdWord = (value: string): string => `"${inner('systemdword', value).replaceAll('$', '$$$$')}"`;

/**
 * `value` as an absolute path for WorkingDirectory=, ReadWritePaths= or argv[0] of ExecStart=, where prefixes, lists
 * and path clean-up follow other rules. Throws for all but a plain path: `[A-Za-z0-9_./@+,=%-]` without `//`,
 * `.` and `..`.
 */
export const systemdPath = (value: string): string => {
  requireText('systemdpath', value);
  if (!value.startsWith('/')) throw new Inexpressible('systemdpath', 'a path in a systemd unit must start with /');
  if (!/^[A-Za-z0-9_./@+,=%-]+$/.test(value)) {
    throw new Inexpressible('systemdpath',
      'a path in a systemd unit may hold only letters, digits and _ . / @ + , = % -');
  }
  if (/\/(?:\.{0,2})\//.test(value) || /\/\.{1,2}$/.test(value)) {
    throw new Inexpressible('systemdpath', 'a path in a systemd unit cannot hold // or a segment . or ..');
  }
  return value.replaceAll('%', '%%');
};
