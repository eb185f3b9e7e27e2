// `${…}` in texts: variables are followed at once, references to host, app, slot and secret become interpolations.
import { error, type Diagnostic, type Path } from '../contract/diagnostic.ts';
import type { Interpolation, Text } from '../contract/model.ts';
import { knownNames } from '../kit/nearest.ts';

export interface Reader {
  readonly vars: Readonly<Record<string, string | number | boolean>>;
  readonly secrets: readonly string[];
  readonly usedSecrets: Set<string>;
  readonly diagnostics: Diagnostic[];
}

/**
 * What can be said of each noun in a text: `${host.address}`. `slot.ports.x` is checked against the ports of the slot.
 */
export const NOUNS: Readonly<Record<'host' | 'app' | 'slot', readonly string[]>> = {
  host: ['address', 'name', 'private', 'region'],
  app: ['dir', 'name', 'unit', 'user'],
  slot: ['dir', 'name', 'port', 'ports', 'release', 'socket'],
};

/** Reads one text; `$${` is a literal `${`. */
export function patternOf(written: string, scopes: readonly string[], at: Path, reader: Reader): Text {
  if (!written.includes('${')) return written;
  const parts: (string | Interpolation)[] = [];
  let literal = '';
  for (let i = 0; i < written.length;) {
    if (written.startsWith('$${', i)) {
      literal += '${';
      i += 3;
    } else if (written.startsWith('${', i)) {
      const end = written.indexOf('}', i);
      if (end < 0) {
        reader.diagnostics.push(error('resolve/unclosed', at, 'unclosed "${": "}" is missing', {
          part: written.slice(i), hint: 'write $${ for a literal ${',
        }));
        return written;
      }
      const part = reference(written.slice(i + 2, end), scopes, at, reader);
      if (typeof part === 'string') literal += part;
      else if (part) {
        if (literal) parts.push(literal);
        literal = '';
        parts.push(part);
      }
      i = end + 1;
    } else literal += written[i++] ?? '';
  }
  if (parts.length === 0) return literal;
  if (literal) parts.push(literal);
  return Object.freeze({ at, parts });
}

function reference(inner: string, scopes: readonly string[], at: Path, reader: Reader): string | Interpolation | null {
  const [noun = '', ...rest] = inner.split('.');
  const name = rest.join('.');
  const refuse = (message: string, hint: string): null => {
    reader.diagnostics.push(error('resolve/unknown-reference', at, message, { part: `\${${inner}}`, hint }));
    return null;
  };
  const unknown = (known: readonly string[], what = `known in ${noun}`): null =>
    refuse(`unknown reference "\${${inner}}"`, knownNames(name, known, what));
  if (noun === 'vars') {
    const value = Object.hasOwn(reader.vars, name) ? reader.vars[name] : undefined;
    return value === undefined ? unknown(Object.keys(reader.vars)) : String(value);
  }
  if (!scopes.includes(noun)) {
    const all = [...scopes, 'vars'].sort();
    const what = 'available here';
    const list = `${what}: ${all.join(', ')}`;
    if (['host', 'app', 'slot', 'secret'].includes(noun)) return refuse(`"\${${inner}}" is not available here`, list);
    return refuse(`unknown reference "\${${inner}}"`, /^[A-Z_][A-Z0-9_]*$/.test(inner)
      ? `write $\${${inner}} for a literal \${${inner}}; ${list}` : knownNames(noun, all, what));
  }
  if (noun === 'secret') {
    if (!reader.secrets.includes(name)) return unknown(reader.secrets, 'known secrets');
    reader.usedSecrets.add(name);
    return { kind: 'secret', secret: name };
  }
  const known = NOUNS[noun as 'host' | 'app' | 'slot'];
  const depth = noun === 'slot' && rest[0] === 'ports' ? 2 : 1;
  return known.includes(rest[0] ?? '') && rest.length === depth ? { kind: noun as 'host' | 'app' | 'slot', name }
    : depth === 2 ? refuse(`unknown reference "\${${inner}}"`, 'name one of the ports: ${slot.ports.NAME}')
    : unknown(known);
}
