// The one answer of an encoder besides text: "this grammar cannot carry this value". Nothing mangled is ever emitted.
// What no grammar here carries is refused in one place: NUL ends a C string, a lone surrogate has no UTF-8.

/** Text that the target reads back as `value`. Throws `Inexpressible` if its grammar cannot carry the value. */
export type Encoder = (value: string) => string;

/** A value that the target grammar cannot carry. Neither message nor reason holds the value: it may be a secret. */
export class Inexpressible extends Error {
  readonly grammar: string;
  readonly reason: string;

  /** `grammar` is the encoder's name; `reason` a lower-case sentence without the value and without a full stop. */
  constructor(grammar: string, reason: string) {
    super(reason);
    this.name = 'Inexpressible';
    this.grammar = grammar;
    this.reason = reason;
  }
}

/** Throws `Inexpressible` for what is not text in any grammar: NUL and lone surrogates. */
export const requireText = (grammar: string, value: string): void => {
  if (value.includes('\0')) throw new Inexpressible(grammar, 'a NUL cannot be written in any configuration file');
  // cheap first: most texts have no surrogates at all
  if (/[\ud800-\udfff]/.test(value) && /\p{Surrogate}/u.test(value)) {
    throw new Inexpressible(grammar, 'half of a surrogate pair cannot be written as UTF-8');
  }
};
