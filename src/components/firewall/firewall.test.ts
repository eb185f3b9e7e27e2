import { describe, expect, it } from 'vitest';
import { app, compiled } from '../../../test/compiled.ts';

const lines = (text: string): string[] => text.split('\n').filter(line => line && !line.startsWith('#'));
const rules = (text: string): string[] =>
  text.split('\n').map(line => line.trim()).filter(line => line.includes('dport') && !line.includes('DHCPv6'));
const HOSTS = `hosts:
  a: { address: 192.0.2.1, private: 10.0.0.1 }
  b: { address: 192.0.2.2, private: 10.0.0.2, ssh: { port: 2222 } }
  c: { address: "2001:db8::3" }
`;
const FLEET = `${HOSTS}secrets: { p: { env: P } }
redis: { main: { hosts: a, peers: [b], password: p } }
apps: { api: ${app(
  'hosts: a, listen: { address: 192.0.2.1, live: 80, from: [b, c] }',
  'blue: { port: 4000, ports: { x: 9000 } }, green: { port: 4001 }',
)} }
`;

describe('the exposure report', () => {
  it('without a firewall says what an address alone says', async () => {
    const { text } = await compiled(FLEET);
    expect(lines(text('a', 'etc/vgen/exposure.txt'))).toEqual([
      '22\ttcp\tall\tanyone\tssh\thosts.a',
      '80\ttcp\t192.0.2.1\tanyone\tlive of app "api"\tapps.api.listen.live',
      '6379\ttcp\t10.0.0.1\tthe private network\tredis "main"\tredis.main.port',
      '9000\ttcp\tall\tanyone\tport "x" of slot blue of app "api"\tapps.api.slots.blue.ports.x',
    ]);
    expect(lines(text('b', 'etc/vgen/exposure.txt'))).toEqual(['2222\ttcp\tall\tanyone\tssh\thosts.b.ssh.port']);
    expect(text('a', 'etc/nftables.d/vgen.nft')).toBe('');
  });

  it('with one names the hosts', async () => {
    const { text } = await compiled(`${FLEET}firewall: { hosts: a, ssh: [b, 198.51.100.0/24] }\n`);
    expect(lines(text('a', 'etc/vgen/exposure.txt')).map(line => line.split('\t').slice(0, 4).join(' '))).toEqual([
      '22 tcp all 198.51.100.0/24,b', '80 tcp 192.0.2.1 b,c', '6379 tcp 10.0.0.1 b', '9000 tcp all anyone',
    ]);
    expect(text('b', 'etc/vgen/exposure.txt')).toContain('vgen manages no firewall here');
  });
});

describe('the rules', () => {
  it('let in who is meant, from the address that it comes from', async () => {
    const { text, found } = await compiled(`${FLEET}firewall: {}\n`);
    expect(found).toEqual([]);
    expect(rules(text('a', 'etc/nftables.d/vgen.nft'))).toEqual([
      'tcp dport 22 accept comment "ssh"',
      'ip daddr 192.0.2.1 ip saddr { 192.0.2.2 } tcp dport 80 accept comment "live of app \'api\'"',
      'ip daddr 10.0.0.1 ip saddr { 10.0.0.2 } tcp dport 6379 accept comment "redis \'main\'"',
      'tcp dport 9000 accept comment "port \'x\' of slot blue of app \'api\'"',
    ]);
    expect(rules(text('b', 'etc/nftables.d/vgen.nft'))).toEqual(['tcp dport 2222 accept comment "ssh"']);
  });

  it('of what is opened besides hold for containers too, with one rule per network', async () => {
    const { text, found } = await compiled(`${HOSTS}firewall:
  open:
    dns: { hosts: a, port: 53, protocol: udp, from: [c, "2001:db8::/32", 10.0.0.0/8, 10.1.0.0/16], why: names }
    web: { hosts: a, port: 8080, from: anyone, why: a container }\n`);
    expect(found).toEqual([]);
    const nft = text('a', 'etc/nftables.d/vgen.nft');
    expect(rules(nft)).toEqual([
      'tcp dport 22 accept comment "ssh"',
      'ip saddr { 10.0.0.0/8 } udp dport 53 accept comment "names"',
      'ip saddr { 10.1.0.0/16 } udp dport 53 accept comment "names"',
      'ip6 saddr { 2001:db8::3 } udp dport 53 accept comment "names"',
      'ip6 saddr { 2001:db8::/32 } udp dport 53 accept comment "names"',
      'tcp dport 8080 accept comment "a container"',
    ]);
    expect(nft.split('\n').filter(line => line.includes('ct original')).length).toBe(5);
    expect(nft)
      .toContain('    ct status dnat meta l4proto tcp ct original proto-dst 8080 accept comment "a container"\n');
  });

  it('are reloaded and confirmed, and nothing is there on other hosts', async () => {
    const { trees } = await compiled(`${HOSTS}firewall: { hosts: a }\n`);
    expect(trees.get('a')?.plan.files.find(({ path }) => path === '/etc/nftables.d/vgen.nft'))
      .toMatchObject({ check: 'nft', onChange: [{ do: 'reload', unit: 'vgen-firewall.service' }, { do: 'confirm' }] });
    expect(trees.get('b')?.plan.units).toEqual([]);
  });

  it.each([
    ['ssh: b', ['firewall/ssh-hosts-only firewall.ssh']], ['ssh: [b, 192.0.2.0/24]', []], ['ssh: anyone', []],
    ['ssh: [b, anyone]', []],
    ['ssh: [b, 192.0.2.0/33]', ['resolve/network firewall.ssh[1]']],
    ['ssh: nobody', ['resolve/unknown-host firewall.ssh']],
    ['open: { x: { port: 53, from: a, why: same }, y: { port: 53, protocol: udp, from: a, why: same } }', []],
    ['open: { x: { hosts: a, port: 53, from: a, why: same }, y: { hosts: b, port: 53, from: a, why: same } }', []],
    [
      'open: { x: { port: 53, from: a, why: same }, y: { hosts: b, port: 53, from: a, why: same } }',
      ['firewall/open-twice firewall.open.y.port'],
    ],
    ['hosts: a, open: { x: { port: 53, from: a, why: same } }', []],
    [
      'hosts: a, open: { x: { hosts: b, port: 53, from: a, why: same } }',
      ['firewall/open-elsewhere firewall.open.x.hosts'],
    ],
  ])('%s', async (written, wanted) =>
    expect((await compiled(`${HOSTS}firewall: { ${written} }\n`)).found).toEqual(wanted));
});
