// The result of a compilation: what lies, or shall lie, in the directory of a host.
import type { Path } from './diagnostic.ts';
import type { ManifestRow } from './manifest.ts';
import type { Host } from './model.ts';
import type { HostPlan, Planned } from './plan.ts';

/** One path of a tree. `path` is relative to the host's directory: `etc/nginx/nginx.conf`. */
export type Entry =
  | {
    readonly path: string;
    readonly kind: 'file';
    /** A text, or bytes that many hosts share. */
    readonly content: string | Buffer;
    /** The same, as bytes. */
    readonly bytes: Buffer;
    readonly executable: boolean;
    readonly sha256: string;
    readonly spec: Planned | null;
  }
  | { readonly path: string; readonly kind: 'link'; readonly target: string; readonly spec: Planned | null };

/** One directory of out/. */
export interface OutTree {
  /** The name of the host, or FLEET. */
  readonly name: string;
  /** Where the inventory speaks of it. */
  readonly at: Path;
  readonly entries: readonly Entry[];
  /** The lines of its manifest. */
  readonly rows: readonly ManifestRow[];
}

/** What a host gets. */
export interface HostTree extends OutTree {
  readonly host: Host;
  readonly plan: HostPlan;
}

/** What is written of a tree: plain data, which threads can exchange. */
export interface PlainTree {
  readonly name: string;
  readonly entries: readonly PlainEntry[];
}
export type PlainEntry =
  | {
    readonly path: string;
    readonly kind: 'file';
    readonly content: string | Uint8Array;
    readonly executable: boolean;
  }
  | { readonly path: string; readonly kind: 'link'; readonly target: string };

/** A directory of out/ that is known to be what its plan gives: it was not rendered. */
export interface UnchangedTree {
  readonly name: string;
  /** How many files it has. */
  readonly unchanged: number;
}

/**
 * The directory of what belongs to the fleet and to no host. No host has this name: names of hosts begin with a letter.
 */
export const FLEET = '_fleet';
