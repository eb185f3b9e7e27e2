// A double-quoted YAML scalar that readers of YAML 1.1 (PyYAML, go-yaml) and 1.2 take alike, and that is JSON too:
// JSON's escapes, and \uXXXX for what YAML 1.1 calls not printable or a line break (YAML 1.1 section 5.1 and 5.4).
// Plain scalars change type (`no`, `22:22`, `1_000`), so every string is quoted (docs/formats.md#yaml).
import { requireText } from './inexpressible.ts';

/**
 * `value` as a YAML or JSON string, for values and for keys, of which YAML readers take 1024 characters at most.
 * Throws for NUL and lone surrogates.
 */
export const yamlString = (value: string): string => {
  requireText('yaml', value);
  return JSON.stringify(value).replace(/[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
};
