// Texts of the inventory, as `resolve` leaves them, and values, as a host gets them.
import type { Path } from './diagnostic.ts';

/** A place in a text that is filled per host or per slot, or a secret that only the host knows. */
export type Interpolation =
  | { readonly kind: 'host'; readonly name: string }
  | { readonly kind: 'slot'; readonly name: string }
  | { readonly kind: 'app'; readonly name: string }
  | { readonly kind: 'secret'; readonly secret: string };

/** A text with interpolations; one without is a plain string. */
export interface Pattern {
  readonly at: Path;
  readonly parts: readonly (string | Interpolation)[];
}
export type Text = string | Pattern;

/**
 * Literal text, or the name of a secret whose value stands here on the host; `url`: percent-encoded (RFC 3986, 2.1).
 */
export type SealedPart = string | { readonly secret: string; readonly url?: true };

/** A value whose secret parts are put in on the host. */
export interface Sealed {
  readonly sealed: readonly SealedPart[];
}
export type Value = string | Sealed;
