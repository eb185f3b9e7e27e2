// What scripts/prepare.mjs makes in dist/ beside the compiled sources.
declare module '#built/validator-fast.mjs' {
  /** Whether an inventory follows the schema; fills in defaults on the way. */
  export const validate: (value: unknown) => boolean;
}

declare module '#built/validator-full.mjs' {
  /** The same, and all that is wrong. */
  export const validate: ((value: unknown) => boolean) & { errors?: import('ajv').ErrorObject[] | null };
}

declare module '#built/templates.mjs' {
  export const templates: import('./render/engine.ts').Templates;
}
