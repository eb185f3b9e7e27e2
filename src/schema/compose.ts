// The schema of the whole inventory, composed of the core's part and the components' fragments. Runs when vgen is
// built and in the test that keeps schema/inventory.schema.json true.
import { Type, type TSchema } from 'typebox';
import type { Component } from '../contract/component.ts';
import { apps } from './apps.ts';
import { filled } from './kinds.ts';
import { drift, limits } from './guard.ts';
import { hosts, include, templates, vars } from './hosts.ts';
import { rollout } from './rollout.ts';
import { twin } from './twin.ts';

type Json = Record<string, unknown>;

const ALLOW = {
  type: 'object',
  additionalProperties: { type: 'string', minLength: 8, description: 'Why the check does not apply here.' },
  propertyNames: {
    type: 'string', pattern: '^[a-z][a-z0-9-]*/[a-z0-9-]+$', rule: 'the code of a check such as redis/exposed',
  },
  description: 'Checks that do not apply to this object, by code, each with the reason.',
  examples: [{ 'redis/exposed': 'the network is closed by the provider' }],
};

/** Composes the JSON Schema of inventories (draft 2020-12 vocabulary that draft-07 readers understand too). */
export async function compose(components: readonly Component[]): Promise<Json> {
  const properties: Record<string, TSchema> = {
    include: Type.Optional(include), hosts, rollout: filled(rollout, {}), limits: filled(limits, {}),
    drift: filled(drift, {}),
    vars: Type.Optional(vars), templates, twin: Type.Optional(twin), apps: Type.Optional(apps),
  };
  for (const { key, schema } of components) {
    if (key !== null && schema !== null) properties[key] = Type.Optional((await schema()).schema as TSchema);
  }
  const runtimes = components.filter(({ runtime }) => runtime)
    .map(({ name, runtime }) => ({ name, isDefault: runtime === 'default' }));
  const datastores =
    components.flatMap(component => (component.datastore && component.key !== null ? component.key : []));
  const whole = plain(Type.Object(properties, { additionalProperties: false })) as Json;
  finish(whole, { runtimes, datastores });
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $comment: 'Composed from src/schema and src/components by "npm run prepare"; do not edit.',
    title: 'vgen inventory',
    description: 'Inventory of a fleet of plain servers: hosts, apps, ports, secret references, tunnels and '
      + 'datastores.',
    ...whole,
  };
}

const plain = (schema: unknown): unknown => JSON.parse(JSON.stringify(schema));

interface Known {
  readonly runtimes: readonly { readonly name: string; readonly isDefault: boolean }[];
  readonly datastores: readonly string[];
}

/** Adds to each closed object what each takes (`x-…`, `allow`), and fills in what components are. */
function finish(node: unknown, known: Known): void {
  if (typeof node !== 'object' || node === null) return;
  if (Array.isArray(node)) {
    for (const child of node) finish(child, known);
    return;
  }
  const schema = node as Json;
  if (Array.isArray(schema['enum']) && schema['enum'][0] === 'runtimes') {
    schema['enum'] = known.runtimes.map(({ name }) => name);
    schema['default'] = known.runtimes.find(({ isDefault }) => isDefault)?.name;
  }
  if (Array.isArray(schema['ref'])) schema['ref'] = known.datastores;
  for (const child of Object.values(schema)) finish(child, known);
  if (schema['type'] === 'object' && schema['additionalProperties'] === false) {
    schema['properties'] = { ...(schema['properties'] as Json), allow: ALLOW };
    schema['patternProperties'] = { '^x-': { description: 'Free: for anchors and notes; vgen does not read it.' } };
  }
}
