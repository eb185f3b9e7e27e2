// A value of Python's ConfigObj, which certbot's plugins read: # cuts a bare value and a comma makes a list of it, so
// it is always quoted; quotes know no escapes, and %(x)s is replaced everywhere (docs/formats.md#certbot).
import { Inexpressible, requireText } from './inexpressible.ts';

/** `value` in quotes. Throws for line breaks, for both kinds of quotes in one value, and for "%(". */
export const configObjValue = (value: string): string => {
  requireText('configobj', value);
  if (/[\r\n]/.test(value)) throw new Inexpressible('configobj', 'a value of this file cannot hold a line break');
  if (value.includes('%(')) throw new Inexpressible('configobj', 'a value of this file cannot hold "%("');
  if (value.includes('"') && value.includes("'")) {
    throw new Inexpressible('configobj', 'a value of this file cannot hold both kinds of quotes');
  }
  return value.includes('"') ? `'${value}'` : `"${value}"`;
};
