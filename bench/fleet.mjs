// Makes an inventory of N hosts of the example's kind: one app, Redis primary on the first host and replicas on the
// others, a tunnel each.
import { readFileSync } from 'node:fs';

/**
 * The text of an inventory with `hosts` hosts; `changed` gives one of them another address. `more` files of some 4.8 kB
 * on each host make trees of the size that they had when each script of the engine was a file.
 */
export function inventory(hosts, changed = false, more = 0) {
  const example = readFileSync(new URL('../inventory.example.yaml', import.meta.url), 'utf8');
  const entries = Array.from({ length: hosts }, (_, i) => {
    const octets = [(i >> 16) & 255, (i >> 8) & 255, i & 255];
    const address = changed && i === hosts >> 1 ? '198.18.0.1' : `11.${octets.join('.')}`;
    return `  h${i}:\n    address: ${address}\n    private: 10.${octets.join('.')}\n    region: r${i % 20}\n    `
      + `tags: [t${i % 7}]\n`;
  }).join('');
  const files = more === 0 ? '' : `\nfiles:\n${Array.from({ length: more }, (_, i) =>
    `  /opt/bench/${i}: { content: ${JSON.stringify(
      `file ${i}\n${'a line of a script of the engine\n'.repeat(150)}`,
    )} }\n`).join('')}`;
  return (example + files)
    .replace(/hosts:\n(?: {2}.*\n)+/, `hosts:\n${entries}`)
    .replace(/ {2}primary: .*\n/, '  primary: { hosts: h0, password: redisPassword }\n')
    .replace(/ {2}replica: .*\n/, `  replica: { hosts: [${Array.from({ length: hosts - 1 }, (_, i) => `h${i + 1}`)
      .join(', ')}], replicaOf: primary }\n`);
}
