// The validators of inventories, compiled when vgen is built. V8 compiles whole functions, so larger subschemas become
// definitions, a function each. One only says yes or no (and fills in defaults); the
// other, loaded once that is no, says all.
import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { buildSync } from 'esbuild';

/** Characters of JSON from which on a subschema is a separate function. */
const LARGE = 400;

const SCHEMAS = ['items', 'additionalProperties', 'propertyNames'];
const NAMED_SCHEMAS = ['properties', 'patternProperties'];

/**
 * The code of `dist/validator-fast.mjs` and `dist/validator-full.mjs`; `annotations`
 * are keywords beside those of JSON Schema.
 */
export function validators(schema, annotations) {
  const defined = withDefinitions(schema);
  return {
    fast: compile(bare(defined, [...annotations, 'title', 'description', 'examples', '$comment']), {
      allErrors: false, verbose: false, messages: false,
    }, []),
    full: compile(defined, { allErrors: true, verbose: true }, annotations),
  };
}

function compile(schema, options, annotations) {
  const ajv = new Ajv({
    strict: true, strictRequired: false, useDefaults: true, allowUnionTypes: true, inlineRefs: false,
    code: { source: true, esm: true }, ...options,
  });
  for (const keyword of annotations) ajv.addKeyword({ keyword });
  const code = standalone.default(ajv, ajv.compile(schema));
  // with the few functions of ajv that it calls: a run needs no ajv
  return buildSync({
    stdin: { contents: code, resolveDir: '.' }, bundle: true, format: 'esm', platform: 'node', minifyWhitespace: true,
    write: false,
  }).outputFiles[0].text;
}

/** The same schema with each large subschema once, under `definitions`. */
function withDefinitions(schema) {
  const definitions = {};
  const names = new Map();
  const define = (node, isRoot = false) => {
    if (typeof node !== 'object' || node === null) return node;
    const copy = { ...node };
    for (const key of SCHEMAS) if (key in copy) copy[key] = define(copy[key]);
    for (const key of NAMED_SCHEMAS) {
      if (!(key in copy)) continue;
      copy[key] = Object.fromEntries(Object.entries(copy[key]).map(([name, one]) => [name, define(one)]));
    }
    if (isRoot || copy.$ref || JSON.stringify(node).length < LARGE) return copy;
    // a default is filled in, and a description told, by the object that has the key
    const { default: value, ...rest } = copy;
    const text = JSON.stringify(rest);
    if (!names.has(text)) {
      names.set(text, `d${names.size}`);
      definitions[names.get(text)] = rest;
    }
    return {
      $ref: `#/definitions/${names.get(text)}`, ...('default' in copy ? { default: value } : {}),
      ...('description' in copy ? { description: copy.description } : {}),
    };
  };
  return { ...define(schema, true), definitions };
}

/** The schema without what only tells people, and later stages, something. */
function bare(node, annotations) {
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).filter(([key]) => !annotations.includes(key)));
  for (const key of SCHEMAS) if (key in copy) copy[key] = bare(copy[key], annotations);
  for (const key of [...NAMED_SCHEMAS, 'definitions']) {
    if (key in copy) {
      copy[key] = Object.fromEntries(Object.entries(copy[key]).map(([name, one]) => [name, bare(one, annotations)]));
    }
  }
  return copy;
}
