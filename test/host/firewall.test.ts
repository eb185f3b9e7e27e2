// The firewall on real hosts: what every host can reach on every other is exactly what the exposure reports say.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { write } from '../vgen.ts';
import { because, Estate, lack } from './estate.ts';
import { opened, promised, report, type Addresses } from './exposure.ts';

const HOSTS: Addresses = { a: ['192.0.2.1', '10.8.0.1'], b: ['192.0.2.2', '10.8.0.2'], c: ['192.0.2.3', '10.8.0.3'] };
const names = Object.keys(HOSTS);
/** Listened to on every host, and in no inventory. */
const UNKNOWN = 9999;
/** Published by containers of a: the first is opened for b, the second is not. */
const PUBLISHED = [8080, 8081] as const;

const inventory = (more = '', key = `firewall:
  ssh: anyone
  open:
    web: { hosts: a, port: 8080, from: b, why: a container }
    metrics: { hosts: [a, b], port: 9100, from: [c, 192.0.2.1], why: metrics }
    public: { hosts: c, port: 7000, from: anyone, why: everybody }
`): string => `hosts:
${Object.entries(HOSTS).map(([name, [address, own]]) => `  ${name}: { address: ${address}, private: ${own} }\n`)
  .join('')}secrets: { p: { env: P } }
redis: { main: { hosts: a, peers: [b], password: p } }
${key}${more}`;

/** Listens on the ports that it is given, on all addresses. */
const LISTEN = `cat > /root/listen.pl <<'X'
use IO::Socket::INET;
push @sockets, IO::Socket::INET->new(LocalPort => $_, Listen => 99) || die "$_: $!" for @ARGV;
sleep;
X`;

/** As Docker does it: a bridge, a network behind it, published ports as DNAT in a table of its own. */
const CONTAINER = `set -e
sysctl -qw net.ipv4.ip_forward=1
ip netns add box; ip link add docker0 type bridge; ip address add 172.17.0.1/24 dev docker0; ip link set docker0 up
ip link add veth0 type veth peer name eth0 netns box; ip link set veth0 master docker0 up
ip -n box address add 172.17.0.2/24 dev eth0; ip -n box link set eth0 up; ip -n box route add default via 172.17.0.1
nft -f - <<'X'
table ip nat {
  chain prerouting { type nat hook prerouting priority dstnat; fib daddr type local tcp dport { 8080, 8081 } dnat to 172.17.0.2:80; }
  chain postrouting { type nat hook postrouting priority srcnat; ip saddr 172.17.0.0/24 oifname != "docker0" masquerade; }
}
X
systemd-run -q --unit box ip netns exec box perl /root/listen.pl 80
sleep 0.3; timeout 1 bash -c '</dev/tcp/172.17.0.2/80'`;

/** A bridge with a network behind it, from which a namespace of the same name gets out by NAT. */
const bridge = (name: string, net: number): string => `ip netns add ${name}; ip link add ${name} type bridge
ip address add 172.${net}.0.1/24 dev ${name}; ip link set ${name} up
ip link add v${net} type veth peer name eth0 netns ${name}; ip link set v${net} master ${name} up
ip -n ${name} address add 172.${net}.0.2/24 dev eth0; ip -n ${name} link set eth0 up
ip -n ${name} route add default via 172.${net}.0.1
nft add rule ip nat postrouting ip saddr 172.${net}.0.0/24 oifname != ${name} masquerade`;

/** In the place of Docker: its unit, and what its command answers of networks whose ids are in /srv/networks. */
const DOCKER = `set -e
cat >/usr/bin/docker <<'X'
#!/bin/bash
case "$*" in
  'network ls --quiet --no-trunc --filter driver=bridge') cat /srv/networks ;;
  'network inspect --format {{or (index .Options "com.docker.network.bridge.name") (printf "br-%.12s" .Id)}} '*)
    for id in "\${@:5}"; do printf 'br-%.12s\n' "$id"; done ;;
  'events --filter type=network --format {{.Action}}') exec tail -n 0 -F /srv/events ;;
  *) exit 1 ;;
esac
X
chmod +x /usr/bin/docker; touch /srv/events /run/docker.sock
printf '%s\n' '[Service]' 'ExecStart=/bin/sleep infinity' >/etc/systemd/system/docker.service
systemctl daemon-reload; systemctl start docker`;

describe.skipIf(lack !== null)(`the firewall on hosts (${because})`, () => {
  let estate: Estate;

  beforeAll(async () => {
    estate = await Estate.boot({
      hosts: Object.entries(HOSTS).map(([name, addresses]) => ({ name, addresses: [...addresses] })),
      packages: ['nftables', 'redis-server'],
    }, { P: 'a password' });
    for (const name of names) await estate.ask(name, LISTEN);
    await estate.ask('a', CONTAINER);
  });
  afterAll(() => estate?.stop());

  it('lets through exactly what the reports say, also to containers, and stays so after a boot', async () => {
    await estate.apply(inventory());
    const lines = (await Promise.all(names.map(name => report(estate, name)))).flat();
    const ports = [...new Set([...lines.map(({ port }) => port), ...PUBLISHED, UNKNOWN])];
    const listen = ports.filter(port => ![22, 6379].includes(port)).join(' ');
    const listener = `systemd-run -q --unit listeners perl /root/listen.pl ${listen}; sleep 0.3; systemctl is-active `
      + `listeners`;
    for (const name of names) await estate.ask(name, listener);
    const wanted = await promised(estate, HOSTS, ports);
    expect(await opened(estate, HOSTS, ports)).toEqual(wanted);
    expect(wanted).toContain('b a 192.0.2.1 8080');
    expect(wanted).toContain('b a 10.8.0.1 6379');
    expect(wanted.filter(one => /8081|9999|^c a \S+ 6379/.test(one))).toEqual([]);
    console.info(`${names.length * (names.length - 1) * 2 * ports.length} probes, ${wanted.length} open, all as `
      + `reported`);
    // what the firewall keeps in is there: the host itself reaches it, and so does the container get out
    await estate.ask(
      'a',
      'timeout 1 bash -c "</dev/tcp/127.0.0.1/9999"; ip netns exec box timeout 2 bash -c "</dev/tcp/192.0.2.3/7000"',
    );

    const host = estate.fleet.hosts.get('b');
    await host?.powerOff();
    await host?.boot();
    await estate.ask('b', listener);
    expect(await opened(estate, HOSTS, ports)).toEqual(wanted);
  });

  it('takes a bridge for one of Docker where Docker says so, not by its name', async () => {
    const [first, second, own] = ['br-0123456789ab', 'br-ba9876543210', 'br-lan'];
    for (const [index, name] of [first, second, own].entries()) await estate.ask('a', bridge(name ?? '', 18 + index));
    const out = async (name = ''): Promise<boolean> => (await estate.run(
      'a', `ip netns exec ${name} timeout 1.5 bash -c '</dev/tcp/192.0.2.3/7000'`,
    )).code === 0;
    const known = (): Promise<string> =>
      estate.ask('a', 'nft list set inet vgen bridges | { grep -o "br-[a-z0-9-]*" || true; } | sort');
    expect([await out(first), await out(second), await out(own)]).toEqual([false, false, false]);
    await estate.ask('a', `echo 0123456789abcdef >/srv/networks; ${DOCKER}`);
    await expect.poll(known, { timeout: 10_000 }).toBe(first);
    expect([await out(first), await out(second), await out(own)]).toEqual([true, false, false]);
    await estate.ask('a', 'echo ba9876543210abcdef >>/srv/networks; echo create >>/srv/events');
    await expect.poll(known, { timeout: 10_000 }).toBe(`${first}\n${second}`);
    await estate.ask('a', 'systemctl reload vgen-firewall; systemctl restart vgen-firewall');
    expect([await out(first), await out(second), await out(own)]).toEqual([true, true, false]);
    await estate.ask('a', ': >/srv/networks; echo destroy >>/srv/events');
    await expect.poll(known, { timeout: 10_000 }).toBe('');
    await estate.ask('a', 'systemctl stop docker; rm -f /usr/bin/docker /run/docker.sock');
    expect(await estate.ask('a', 'systemctl is-active vgen-bridges || true')).toBe('inactive');
  });

  it('leaves the tables of others alone, when it changes and when it goes', async () => {
    const nat = (): Promise<string> => estate.ask('a', 'nft list table ip nat');
    const before = await nat();
    const changed = await estate.apply(
      inventory('', 'firewall: { hosts: a, ssh: anyone }\n'), '--allow firewall --max-deleted 100%',
    );
    expect(changed).toMatch(/confirming over a new connection/);
    expect(await nat()).toBe(before);
    expect(await estate.ask('b', 'nft list ruleset')).not.toContain('inet vgen');
    expect((await estate.run('b', 'timeout 1.5 bash -c "</dev/tcp/192.0.2.1/8080"')).code).not.toBe(0);
    for (const verb of ['start', 'reload', 'restart', 'stop']) {
      await estate.ask('a', `systemctl ${verb} nftables; nft list table inet vgen | grep -q "policy drop"`);
    }
    await estate.apply(inventory('', ''), '--allow firewall --max-deleted 100%');
    expect(await estate.ask('a', 'nft list tables')).not.toContain('vgen');
    expect(await estate.ask('a', 'systemctl is-enabled vgen-firewall 2>&1 || true')).toMatch(/No such file|not-found/);
  });

  it('that locks everybody out is taken back', async () => {
    await estate.apply(
      inventory('', 'firewall: { hosts: a, open: { x: { hosts: a, port: 7001, from: b, why: another tree } } }\n'),
      '--allow firewall --max-deleted 100%',
    );
    // ssh from nowhere but b: the one who applies is shut out, and the host puts it back
    write(estate.dir, { 'inventory.yaml': inventory(
      '', 'firewall: { hosts: a, ssh: b, allow: { firewall/ssh-hosts-only: tested here } }\n',
    ).replace('a: {', 'a: { confirm: 3s,') });
    await estate.vgen(0, 'build');
    await estate.vgen(1, 'apply --allow firewall --on a');
    await expect.poll(async () => (await estate.run(
      'a', 'ls /var/lib/vgen/unconfirmed 2>&1; grep -c "dport 22 accept" /etc/nftables.d/vgen.nft', true,
    )).text, { timeout: 30_000, interval: 1000 })
      .toMatch(/No such file[^]*\n1\n/);
  });
});
