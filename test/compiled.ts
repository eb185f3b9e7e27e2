// Small inventories, compiled in this process: what a host gets, and what is said of them.
import { compile, type Compilation } from '../src/compile.ts';
import type { Made, Offer } from '../src/contract/component.ts';
import { components } from '../src/components/index.ts';
import { pathText } from '../src/contract/diagnostic.ts';
import { offer } from '../src/offer.ts';
import type { HostTree } from '../src/contract/tree.ts';
import { withFiles } from './vgen.ts';

export interface Compiled {
  readonly compilation: Compilation;
  readonly trees: ReadonlyMap<string, HostTree>;
  /** The text of a file, `-> target` of a link; '' where there is none. */
  text(host: string, path: string): string;
  /** `area/rule path`, sorted. */
  readonly found: readonly string[];
}

/** Compiles a text; two hosts are added where it has none. */
export const compiled = (inventory: string, files: Readonly<Record<string, string>> = {}): Promise<Compiled> => {
  const hosts = /^hosts:/m.test(inventory) ? ''
    : 'hosts: { a: { address: 192.0.2.1, private: 10.0.0.1 }, b: { address: 192.0.2.2, private: 10.0.0.2 } }\n';
  return withFiles({ ...files, 'inventory.yaml': hosts + inventory }, async dir => {
    const compilation = await compile([`${dir}/inventory.yaml`]);
    const trees = new Map([...compilation.trees()].map(tree => [tree.host.name, tree]));
    return {
      compilation, trees, found: compilation.diagnostics.map(({ code, at }) => `${code} ${pathText(at)}`).sort(),
      text(host, path) {
        const entry = trees.get(host)?.entries.find(one => one.path === path);
        return entry === undefined ? '' : entry.kind === 'link' ? `-> ${entry.target}` : entry.bytes.toString('utf8');
      },
    };
  });
};

/** As `compiled`, in a fleet whose own CA signs certificates. */
export const signed = (inventory: string): Promise<Compiled> => compiled(
  `${/^secrets: \{/m.test(inventory)
    ? inventory.replace(/^secrets: \{/m, 'secrets: { caKey: { env: CA },')
    : `${inventory}secrets: { caKey: { env: CA } }\n`}
certs: { ca: { certificate: ca.crt, key: caKey } }\n`, { 'ca.crt': 'a certificate' },
);

/** An app that is right in all that a test does not speak of. */
export const app = (more = '', slots = 'blue: { port: 4000 }, green: { port: 4001 }'): string =>
  `{ command: ./api, slots: { ${slots} }${more && `, ${more}`} }`;

/** What a host is offered of a kind. */
export function offered<K extends Offer['kind']>(
  { compilation: { model } }: Compiled, host: string, kind: K,
): readonly Extract<Made, { kind: K }>[] {
  const found = model?.hosts.find(({ name }) => name === host);
  return model && found ? offer(components, model).offers.on(found, kind) : [];
}
