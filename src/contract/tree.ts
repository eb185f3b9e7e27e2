// The result of a compilation: what lies, or shall lie, in the directory of a host.
import type { Host } from './model.ts';
import type { HostPlan, Planned } from './plan.ts';

/** One path of a tree. `path` is relative to the host's directory: `etc/nginx/nginx.conf`. */
export type Entry =
  | { readonly path: string; readonly kind: 'file'; readonly bytes: Buffer; readonly executable: boolean; readonly sha256: string; readonly spec: Planned | null }
  | { readonly path: string; readonly kind: 'link'; readonly target: string; readonly spec: Planned | null };

export interface HostTree {
  readonly host: Host;
  readonly plan: HostPlan;
  readonly entries: readonly Entry[];
}
