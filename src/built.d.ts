// What scripts/prepare.mjs makes in dist/ beside the compiled sources, and a library that has no types.
declare module '#built/validator-fast.mjs' {
  /** Whether an inventory follows the schema; fills in defaults on the way. */
  export const validate: (value: unknown) => boolean;
}

declare module '#built/validator-full.mjs' {
  /** The same, and all that is wrong. */
  export const validate: ((value: unknown) => boolean) & { errors?: import('ajv').ErrorObject[] | null };
}

declare module '#built/templates.mjs' {
  /** nunjucks' code of vgen's templates by their names. */
  export const templates: Readonly<Record<string, { root: unknown }>>;
}

/** nunjucks without its compiler. */
declare module 'nunjucks/browser/nunjucks-slim.js' {
  const nunjucks: unknown;
  export default nunjucks;
}
