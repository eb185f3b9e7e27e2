// What a rehearsal asks of booted hosts beyond the install and the switches: said by the component whose thing it is.
import type { App, Host } from './model.ts';

/** Where nginx of a host passes requests on to an app's live slot. */
export interface Served {
  readonly address: string;
  readonly port: number;
  /** What requests, and with TLS the certificate, have to name. */
  readonly name: string;
  readonly tls: boolean;
  readonly path: string;
}

/** Why something cannot be had in a rehearsal, as the end of a sentence. */
export interface Lack { readonly lack: string }

/** One thing to prove on a booted host, or the reason why no rehearsal can. */
export interface Proof {
  /** What is proven, as a row of the report: `site shop`. Proofs of one host under one step are told together. */
  readonly step: string;
  /** The host whose thing it is. */
  readonly host: Host;
  /** Where the script runs: the first of these that is rehearsed. */
  readonly from: readonly Host[];
  /** Hosts that have to be rehearsed as well. */
  readonly needs?: readonly Host[];
  /**
   * `installed`: before anything is deployed. `live`: when every app is. `switched`: with the word `before` ahead of
   * the others before the app's switches, and with `after` behind them; then `app` is set, on the host that it is on.
   */
  readonly when: 'installed' | 'live' | 'switched';
  /** It needs this app to be live; what is `switched` runs as its user. */
  readonly app?: App;
  /** Where `from` reaches the app although nginx has no port for it alone: the load of its switches goes there. */
  readonly place?: Served;
  /** What the script gets of the environment of the app's live process: its own name → the app's. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Programs that Debian does not have, on those hosts: without one of them nothing is proven. */
  readonly programs?: readonly { readonly host: Host; readonly path: string }[];
  /** Debian packages that the script needs on its host, beside those of the tree. */
  readonly packages?: readonly string[];
  /** Debian packages that the script installs by itself where there are such. */
  readonly extras?: readonly string[];
  /**
   * A script of vgen's package, `src/components/NAME/prove.sh`, and its words. It succeeds when the thing is proven;
   * its last line says what was seen, and that of stderr why not. Its environment has `TRUST`, a bundle of all CAs that
   * a client of the fleet trusts, `RELEASE`, which an app that vgen stands in for answers when it is live, else "", and
   * `MARK`, a word of letters, digits and "_" that no other app or host of the fleet gets.
   */
  readonly ask: { readonly script: string; readonly words: readonly string[] } | Lack;
}
