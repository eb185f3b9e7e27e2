// A parameter of nginx.conf in double quotes (ngx_conf_file.c, ngx_conf_read_token): \" and \\ are the character,
// \n \r \t become control characters, any other backslash stays. A dollar cannot be escaped: http{} must hold
// `geo $dollar { default "$"; }`. A token of 4096 bytes is refused by nginx (docs/formats.md#nginx).
import { Inexpressible, requireText } from './inexpressible.ts';

const longest = 4000;

const quoted = (grammar: string, value: string, dollar: string): string => {
  requireText(grammar, value);
  if (/[\r\n]/.test(value)) throw new Inexpressible(grammar, 'an nginx parameter cannot hold a line break');
  const text = `"${value.replace(/[\\"]/g, '\\$&').replaceAll('$', () => dollar)}"`;
  if (Buffer.byteLength(text) > longest) {
    throw new Inexpressible(grammar, `an nginx parameter cannot be longer than ${longest} bytes`);
  }
  return text;
};

/**
 * `value` as a parameter of a directive that evaluates variables: return, add_header, proxy_set_header, set, root,
 * proxy_pass, access_log, ssl_certificate, the values of a map. Throws for CR, LF, NUL, lone surrogates and more than
 * 4000 bytes: a line break in a header would start another header.
 */
export const nginxParameter = (value: string): string => quoted('nginx', value, '${dollar}');

/**
 * `value` as a parameter of a directive that does not evaluate variables (include, listen, default_type, pid): a dollar
 * stays one. Wrong, and open to injection of variables, for any other directive. Throws as `nginxParameter` does.
 */
export const nginxRawParameter = (value: string): string => quoted('nginxraw', value, '$');
