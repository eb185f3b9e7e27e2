// Keys and certificates as they are (RFC 7468, without headers): nothing in such a text can mean anything else.
import { Inexpressible, requireText } from './inexpressible.ts';

const BLOCKS = /^(-----BEGIN [A-Z0-9 ]+-----\n([A-Za-z0-9+/=]+\n)+-----END [A-Z0-9 ]+-----\n)+$/;

/** `value` as it is, without a line break at its end. Throws for all that is not one block of PEM after another. */
export const pemBlocks = (value: string): string => {
  requireText('pem', value);
  const text = value.replace(/\n$/, '');
  if (!BLOCKS.test(`${text}\n`)) throw new Inexpressible('pem', 'this is no key or certificate in PEM');
  return text;
};
