// The contract of a component: a schema and pure functions. It knows the model, its section and what others offer;
// it imports no stage and no other component, and touches neither disk nor network.
import type { Diagnostic, Path } from './diagnostic.ts';
import type { App, Host, Hosts, Model, Peers, Value } from './model.ts';
import type { Proof } from './proof.ts';

/**
 * How those who use a certificate take up a new one: their unit is reloaded or
 * restarted, or a command does it while they run.
 */
export type TakeUp =
  | { readonly do: 'reload' | 'restart'; readonly unit: string }
  | { readonly do: 'run'; readonly command: readonly string[] };

/** The words of a command that does it; a unit that does not run is left alone (systemctl(1)). */
export const takeUpCommand = (one: TakeUp): readonly string[] => (one.do === 'run' ? one.command
  : ['systemctl', one.do === 'reload' ? 'try-reload-or-restart' : 'try-restart', one.unit]);

/** What a job can be allowed that its unit denies; systemd.exec(5). */
export const JOB_RELAXATIONS =
  ['capabilities', 'devices', 'files', 'home', 'namespaces', 'network', 'proc', 'setuid', 'syscalls'] as const;
export type JobRelaxation = typeof JOB_RELAXATIONS[number];

/** What a component tells the others about a host. `why` becomes the comment in what is made of it. */
export type Offer = (
  | { readonly kind: 'package'; readonly name: string }
  /** `admin`: somebody logs in with a key and becomes root. */
  | {
    readonly kind: 'user';
    readonly name: string;
    readonly home: string;
    readonly shell: string;
    readonly groups: readonly string[];
    readonly admin?: true;
  }
  /** A systemd unit that is enabled and started. `downtime`: what a restart interrupts, or null if nobody notices. */
  | { readonly kind: 'unit'; readonly name: string; readonly downtime: string | null }
  /**
   * A TCP port that something on the host opens; `address` '0.0.0.0' means all. A firewall lets in who is in `from`.
   */
  | { readonly kind: 'port'; readonly port: number; readonly address: string; readonly from: Peers }
  /** A variable in the environment of an app's slots on the host; `env` of the app overrides it. */
  | { readonly kind: 'variable'; readonly app: App; readonly name: string; readonly value: Value }
  /**
   * A server on the host's nginx: the path of a file that its `http` block includes, and
   * the apps that it passes requests to.
   */
  | { readonly kind: 'http'; readonly path: string; readonly apps?: readonly App[] }
  /**
   * A certificate in /etc/vgen/tls/NAME: cert.pem (with its chain) and key.pem, which `group` may read.
   * Before it is issued a self-signed one stands there, so that configurations can be checked. `names`: DNS
   * names and addresses. `then`: what makes its users take up a new one. `issuer`: the CA of the fleet, Let's
   * Encrypt, or `own`, a user-supplied one under the key of `certs.own`; absent: the CA of the fleet where
   * there is one, else the self-signed one stays.
   */
  | {
    readonly kind: 'certificate'; readonly name: string; readonly names: readonly string[]; readonly group: string;
    readonly then: TakeUp;
    readonly issuer?: 'internal' | 'acme' | { readonly own: string };
  }
  /**
   * Something on the host trusts others by the CA of the fleet, /etc/vgen/tls/ca.pem.
   * `onChange`: what makes it read that anew.
   */
  | { readonly kind: 'trust'; readonly onChange: OnChange }
  /**
   * Files, as a glob, that something writes without end. `then`: what makes it open them
   * anew; none: they are copied and cut.
   */
  | { readonly kind: 'log'; readonly path: string; readonly owner: string; readonly then: readonly string[] | null }
  /** Something to do again and again; `calendar` as in systemd.time(7), `relax` what its sandbox leaves out. */
  | {
    readonly kind: 'job';
    readonly name: string;
    readonly calendar: string;
    readonly command: readonly string[];
    readonly user: string;
    readonly relax: readonly JobRelaxation[];
  }
  /**
   * Data that must not be lost. `dump` prints it, `restore` takes that from its standard input into the place that
   * DRILL names instead of the original where it is set; without them `paths` are the data.
   */
  | {
    readonly kind: 'dataset'; readonly name: string; readonly paths: readonly string[]; readonly user: string;
    readonly dump: readonly string[] | null; readonly restore: readonly string[] | null;
  }
  /** A program that Debian does not package. `npm`: the package of npm that brings it. */
  | { readonly kind: 'program'; readonly path: string; readonly url: string; readonly npm?: string }
  /**
   * A pair of ssh keys whose private half is the value of a secret, and whose public half, `ssh-ed25519 AAAA…`, stands
   * in files of hosts.
   */
  | { readonly kind: 'key-pair'; readonly secret: string; readonly publicKey: string }
) & { readonly why: string; readonly at: Path };

/** What a component brings to a host when it plans, in the words of the offer of that kind. */
export type Brought<K extends Offer['kind']> = Omit<Extract<Offer, { kind: K }>, 'kind'>;

/**
 * What a component brings to a host once it knows what others offer there. Others do not see this: what they have to
 * know (a unit whose name a file may mention, a user that logs in) is an offer.
 */
export interface Plan {
  readonly files?: readonly FileSpec[];
  readonly packages?: readonly Brought<'package'>[];
  readonly units?: readonly Brought<'unit'>[];
  readonly users?: readonly Brought<'user'>[];
  readonly programs?: readonly Brought<'program'>[];
  readonly answers?: readonly NamedAnswer[];
}

/**
 * What the host answers to who asks for a name, there and below a path, in the words of the inventory: `by` is the key
 * that says so, `what` its value. The longest path that matches is the one. `maintenance`: a page with status 503.
 */
export interface NamedAnswer {
  /** A domain, with its port where that is none of HTTP or HTTPS; "*." stands for all names below. */
  readonly name: string;
  readonly path: string;
  readonly by: 'app' | 'site' | 'dir' | 'redirect' | 'maintenance';
  readonly what: string;
  readonly at: Path;
}

export type Made = Offer & { readonly by: string; readonly host: Host };

/** All offers of the fleet, found by host and kind in constant time. */
export interface Offers {
  on<K extends Offer['kind']>(host: Host, kind: K): readonly Extract<Made, { kind: K }>[];
}

/**
 * What must happen when a file changes: a unit is reloaded or restarted, a slot's process is restarted, or somebody
 * confirms over a new connection that one still gets into the host, which else puts the whole install back.
 */
export type OnChange =
  | { readonly do: 'reload' | 'restart'; readonly unit: string }
  | { readonly do: 'slot'; readonly app: string; readonly slot: string }
  | { readonly do: 'confirm' };

/** Programs that judge a file before it is used; the host's scripts know how to call each. */
export type Checker = 'nginx'
  | 'supervisor' | 'systemd' | 'redis' | 'postgres' | 'bash' | 'sshd' | 'nft' | 'sudoers' | 'logrotate';

/** One path on a host. Modes are strings: YAML and JSON lose octal numbers. */
export type FileSpec = {
  readonly path: string;
  readonly at: Path;
} & (
  | {
    readonly kind: 'file';
    readonly mode: string;
    readonly owner: string;
    /**
     * A template with its view, a static file of vgen's by name, text as it is, or a
     * user-supplied file beside the inventory.
     */
    readonly from:
      | { readonly template: string; readonly view: object } | { readonly static: string }
      | { readonly text: string } | { readonly user: string };
    /** Names of the secrets that the file holds once it is on the host. */
    readonly secrets: readonly string[];
    readonly onChange: readonly OnChange[];
    readonly check: Checker | null;
    /** APP/SLOT to whose running configuration it belongs: while that slot is live it waits for the switch. */
    readonly slot: string | null;
  }
  | { readonly kind: 'directory'; readonly mode: string; readonly owner: string }
  | { readonly kind: 'link'; readonly target: string }
  /** A link that is state: made once, then left to the switch. */
  | { readonly kind: 'first-link'; readonly target: string }
);

/** One component's view of one host. */
export interface OnHost<S> {
  readonly host: Host;
  /** The apps of this host. */
  readonly apps: readonly App[];
  readonly section: S;
  readonly model: Model;
}

/**
 * The unit of a runtime that runs all its slots, and programs beside them: ending it ends
 * them all, and it takes up each program by itself. `runtime` is the name of the component.
 */
export interface Keeper {
  readonly runtime: string;
  readonly unit: string;
  /** The paths of files that programs come from. */
  readonly programFile: RegExp;
  /** The programs that the text of such a file defines. */
  readonly programsIn: (text: string) => string[];
}

export interface Component<S = unknown> {
  /** Kebab-case; also the folder in src/components and in templates. */
  readonly name: string;
  readonly summary: string;
  /** Key of its section in the inventory; null if it has none. */
  readonly key: string | null;
  /** Its fragment of the schema, loaded only when vgen is built. */
  readonly schema: (() => Promise<{ readonly schema: object }>) | null;
  /** It can be named as an app's `runtime`; 'default': it is that of an app that names none. */
  readonly runtime?: true | 'default';
  /** The unit that runs its slots, where it has one for all of them. */
  readonly keeper?: Omit<Keeper, 'runtime'>;
  /** Its entries can be named in an app's `uses`; it offers the variables. */
  readonly datastore?: true;
  /**
   * Its files are those that the user asks for by path: where another component makes
   * one of them too, the user's is wrong.
   */
  readonly custom?: true;
  /** What a schema cannot say, over the whole fleet. */
  readonly check?: (fleet: { readonly section: S; readonly model: Model; readonly offers: Offers }) => Diagnostic[];
  readonly offer?: (on: OnHost<S>) => Offer[];
  readonly plan?: (on: OnHost<S>, offers: Offers) => Plan;
  readonly planFleet?: (fleet: { readonly section: S; readonly model: Model; readonly offers: Offers }) => FleetShare;
  /** What a rehearsal asks of it on booted hosts, and what of it no rehearsal can have. */
  readonly prove?: (fleet: { readonly section: S; readonly model: Model; readonly offers: Offers }) => Proof[];
}

/**
 * Something that a provider keeps for the fleet, such as a DNS zone or a dashboard. `data`
 * is plain JSON without a secret's value.
 */
export interface Resource {
  readonly kind: string;
  readonly name: string;
  readonly data: object;
  readonly at: Path;
}

/** What a component makes for the fleet and for no host: paths of files are below out/_fleet/. */
export interface FleetShare {
  readonly files?: readonly FileSpec[];
  readonly resources?: readonly Resource[];
}

/** Declares a component; the section's type stays inside it. */
export const component = <S>(declared: Component<S>): Component => declared as Component;

/** The resolved section of a component; null if it has none. */
export const sectionOf = (component: Component, model: Model): unknown =>
  (component.key === null ? null : model.sections[component.key] ?? null);

/** The entries of a section that are on a host, in the order of their names. */
export const entriesOn =
  <T extends { readonly hosts: Hosts }>(section: Readonly<Record<string, T>> | null | undefined, host: Host): T[] =>
    Object.values(section ?? {}).filter(one => one.hosts.has(host));

/** The apps of each host, found once for the fleet. */
export function appsOn(model: Model): (host: Host) => readonly App[] {
  const byHost = new Map<Host, App[]>(model.hosts.map(host => [host, []]));
  for (const app of model.apps) for (const host of app.hosts) byHost.get(host)?.push(app);
  return host => byHost.get(host) ?? [];
}
