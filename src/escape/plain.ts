// Text printed bare, because its form alone makes it safe in every grammar here: comments, names, paths, numbers.
// Names are not values, so they are checked and never quoted (docs/formats.md#rules).
import { Inexpressible, requireText } from './inexpressible.ts';

/**
 * `value` as the text of a `#` or `;` comment to the end of the line. Throws for control characters, line breaks among
 * them, the line breaks of Unicode, and a backslash at the end, which some formats read as "goes on".
 */
export const commentText = (value: string): string => {
  // nearly all
  if (/^[ -~]*$/.test(value) && !value.endsWith('\\')) return value;
  requireText('comment', value);
  if (/[\p{Cc}\u2028\u2029]/u.test(value)) {
    throw new Inexpressible('comment', 'a comment cannot hold a line break or another control character');
  }
  if (value.endsWith('\\')) throw new Inexpressible('comment', 'a comment cannot end with a backslash');
  return value;
};

/** `value` as the name of a unit, user, program or host. Throws for all but `[A-Za-z][A-Za-z0-9_.@-]{0,62}`. */
export const bareName = (value: string): string => {
  if (!/^[A-Za-z][A-Za-z0-9_.@-]{0,62}$/.test(value)) {
    throw new Inexpressible('name', 'a name starts with a letter and holds at most 63 letters, digits and _ . @ -');
  }
  return value;
};

/** `value` as a path or a part of one. Throws for all but `[A-Za-z0-9_./@+:,=-]`, for `..` and for a leading dash. */
export const barePath = (value: string): string => {
  if (!/^[A-Za-z0-9_./@+:,=-]+$/.test(value)) {
    throw new Inexpressible('path', 'a path may hold only letters, digits and _ . / @ + : , = -');
  }
  if (value.split('/').includes('..')) throw new Inexpressible('path', 'a path cannot hold the segment ..');
  if (value.startsWith('-')) throw new Inexpressible('path', 'a path cannot start with a dash');
  return value;
};

/** `value` as a decimal integer in its one usual spelling. Throws for all else: `007`, `+1`, `-0`, `1e3`. */
export const bareInteger = (value: string): string => {
  if (!/^(?:0|-?[1-9][0-9]*)$/.test(value)) throw new Inexpressible('int', 'a decimal integer is expected');
  return value;
};
