import { Failure } from '../contract/diagnostic.ts';
import { knownNames } from '../kit/nearest.ts';
import { inventorySchema, type Schema } from '../schema/read.ts';
import type { Output } from '../print/output.ts';
import { defineCommand, value } from './declaration.ts';
import { json } from './options.ts';

export const command = defineCommand({
  about: 'Documentation, type and default come from the schema.',
  arguments: { key: value('[key]', 'dotted key; the names of entries may be anything (default: all sections)') },
  options: { json },
  examples: {
    'vgen explain': 'all sections',
    'vgen explain apps.peerbook.listen': 'the keys below an entry',
  },
  run: ({ key = '' }, output) => explain(key, output),
});

function explain(key: string, output: Output): number {
  let node = inventorySchema();
  const path: string[] = [];
  for (const part of key === '' ? [] : key.replaceAll(/\[\d*\]/g, '.0').split('.')) {
    const next = node.properties?.[part]
      ?? (typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined)
      ?? (/^\d+$/.test(part) ? node.items : undefined);
    if (!next) {
      const known = Object.keys(node.properties ?? {}).filter(name => name !== 'allow');
      const where = path.length ? ` in "${path.join('.')}"` : '';
      throw new Failure(`there is no key "${part}"${where}; ${knownNames(part, known, 'known keys')}`);
    }
    path.push(node.properties?.[part] ? part : /^\d+$/.test(part) && node.items ? '[]' : 'NAME');
    node = next;
  }
  const keys = childrenOf(node);
  output.data({
    key: path.join('.'), type: typeOf(node), description: node.description ?? '',
    ...(node.default === undefined ? {} : { default: node.default }),
    ...(node.examples ? { examples: node.examples } : {}), keys,
  });
  if (output.json) return 0;
  output.say(`${output.paint('bold', path.join('.') || 'inventory')}  ${output.paint('dim', typeOf(node))}`);
  if (node.description) output.say(`  ${node.description}`);
  if (node.default !== undefined && node.default !== null) output.say(`  default: ${JSON.stringify(node.default)}`);
  for (const example of node.examples ?? []) {
    output.say(`  example: ${typeof example === 'string' ? example : JSON.stringify(example)}`);
  }
  for (const child of keys) {
    const more = [child.required ? 'required' : '', child.default === undefined || child.default === null ? ''
      : `default ${JSON.stringify(child.default)}`].filter(Boolean).join(', ');
    const type = output.paint('dim', `${child.type}${more ? ` (${more})` : ''}`);
    output.say(`  ${output.paint('cyan', child.key)}  ${type}\n      ${child.description}`);
  }
  return 0;
}

interface Child { key: string; type: string; description: string; required: boolean; default?: unknown }

function childrenOf(node: Schema): Child[] {
  const child = (key: string, of: Schema, required: boolean): Child => ({
    key, type: typeOf(of), description: of.description ?? '', required,
    ...(of.default === undefined ? {} : { default: of.default }),
  });
  const keys = Object.entries(node.properties ?? {}).filter(([name]) => name !== 'allow')
    .map(([name, of]) => child(name, of, node.required?.includes(name) ?? false));
  return typeof node.additionalProperties === 'object' ? [...keys, child('NAME', node.additionalProperties, false)]
    : keys;
}

function typeOf(node: Schema): string {
  if (node.peers) return 'anyone, or a list of hosts (NAME, tag:NAME, region:NAME) and networks (192.0.2.0/24)';
  if (node.selector) return 'hosts: all, NAME, tag:NAME, region:NAME, or a list';
  if (node.ref) return `name of one of ${node.ref}`;
  if (node.enum) return node.enum.map(String).join(' | ');
  const types = [node.type ?? []].flat().filter(type => type !== 'null').map(type => (type === 'object' ? 'mapping'
    : type === 'array' ? 'list' : type === 'integer' ? 'number' : type === 'string' ? 'text' : type));
  const range = node.minimum !== undefined && node.maximum !== undefined
    && Math.abs(node.minimum) < 1e9 ? ` ${node.minimum} to ${node.maximum}` : '';
  return `${types.join(' or ')}${range}${node.rule ? `: ${node.rule}` : ''}`;
}
