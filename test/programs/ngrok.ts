// The agent is not in Debian and cannot be had in a test: what it would read is read by the two parsers at hand, of
// YAML 1.2 and of YAML 1.1 (the agent's own, go-yaml, stands between them), and compared with the documented form.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { layOut } from './scratch.ts';
import { secretValues, treeNamed, treesWith } from './trees.ts';

const example = (host: string): object => ({
  version: '2', authtoken: secretValues['ngrokToken'], update_check: false, web_addr: false,
  tunnels: {
    live: { addr: '127.0.0.1:8000', labels: ['edge=edghts_peerbook'] },
    next: { addr: '127.0.0.1:8001', proto: 'http', domain: `${host}-three-words.ngrok-free.app` },
  },
});
const third = (...endpoints: object[]): object => ({
  version: 3, agent: { authtoken: secretValues['ngrok'], update_check: false, web_addr: false,
    remote_management: false }, endpoints,
});

/** What the inventories say, by tree. */
const said: Record<string, object> = {
  'example/eu1': example('eu1'),
  'example/us1': example('us1'),
  'ngrok-v3/eu1': third({ name: 'api', url: 'api.example.com', upstream: { url: '127.0.0.1:8000' } }),
  'ngrok-v3/us1': third(
    { name: 'cache', upstream: { url: '127.0.0.1:6379' } },
    { name: 'ssh', url: 'tcp://1.tcp.ngrok.io:20000', upstream: { url: '127.0.0.1:22' } },
  ),
};

const PYTHON = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))';
const pyYaml = spawnSync('/usr/bin/python3', ['-c', 'import yaml']).status === 0;

const texts = new Map<string, string>();
const fileOf = (name: string): string => {
  const known = texts.get(name);
  if (known !== undefined) return known;
  const scratch = layOut(treeNamed(name));
  try {
    const text = readFileSync(join(scratch.root, 'etc/ngrok.yml'), 'utf8');
    texts.set(name, text);
    return text;
  } finally {
    scratch.remove();
  }
};

export function ngrokTests(): void {
  describe.skipIf(process.getuid?.() !== 0)('ngrok.yml (without the agent: Debian has no package; needs: root)', () => {
    it('has expectations for every tree', () => {
      expect(treesWith('etc/ngrok.yml').map(({ name }) => name).sort()).toEqual(Object.keys(said).sort());
    });

    it.each(Object.entries(said))('of %s says to YAML 1.2 what the inventory says', (name, expected) => {
      expect(parse(fileOf(name))).toEqual(expected);
    });

    const skipped = it.skipIf(!pyYaml);
    skipped.each(Object.entries(said))('of %s in YAML 1.1 (needs: apt-get install python3-yaml)', (name, expected) => {
      const { stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', PYTHON],
        { input: fileOf(name), encoding: 'utf8' });
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual(expected);
    });
  });
}
