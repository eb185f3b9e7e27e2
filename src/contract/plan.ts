// What a host, and the fleet, get, before any byte of it is made.
import type { NamedAnswer, FileSpec, Made } from './component.ts';
import type { Path } from './diagnostic.ts';
import type { App, Host } from './model.ts';

/** A certificate that is offered. */
export type Certificate = Extract<Made, { kind: 'certificate' }>;
/** A file with the component that planned it. `custom`: the user asks for just this path. */
export type Planned = FileSpec & { readonly component: string; readonly custom: boolean };

/** A variable that an app gets from what it uses; secrets in its value are named, as `${secret}`. */
export interface OfferedVariable {
  readonly app: string;
  readonly name: string;
  readonly value: string;
  readonly why: string;
  readonly at: Path;
}

export interface HostPlan {
  readonly host: Host;
  /** In the order of their paths. */
  readonly files: readonly Planned[];
  readonly packages: readonly Extract<Made, { kind: 'package' }>[];
  readonly users: readonly Extract<Made, { kind: 'user' }>[];
  readonly units: readonly Extract<Made, { kind: 'unit' }>[];
  readonly programs: readonly Extract<Made, { kind: 'program' }>[];
  readonly keyPairs: readonly Extract<Made, { kind: 'key-pair' }>[];
  /** Those whose key is made on the host; user-supplied ones are files. */
  readonly certificates: readonly Certificate[];
  readonly secrets: readonly string[];
  readonly apps: readonly App[];
  readonly answers: readonly NamedAnswer[];
  readonly variables: readonly OfferedVariable[];
}

/** What belongs to the fleet and to no host. */
export interface FleetPlan {
  /** In the order of their paths; a resource is a file resources/KIND/NAME.json. */
  readonly files: readonly Planned[];
}
