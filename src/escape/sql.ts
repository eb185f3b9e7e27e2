// A string in SQL for PostgreSQL: E'…' (manual, 4.1.2.2), which means the same whether standard_conforming_strings is
// on or off. Line breaks become \n and \r, so that the literal stays on one line of a script for psql.
import { requireText } from './inexpressible.ts';

/** `value` as a string literal of PostgreSQL. Throws for NUL and lone surrogates. */
export const sqlString = (value: string): string => {
  requireText('sqlstring', value);
  return `E'${value.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`;
};
