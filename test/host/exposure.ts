// What hosts say of who reaches them, and what really opens: tried from every host to every port of every other.
import type { Estate } from './estate.ts';

interface Line { readonly port: number; readonly address: string; readonly who: readonly string[] }

/** Name → its public and its private address. */
export type Addresses = Readonly<Record<string, readonly [string, string]>>;

/** The TCP ports of a host's exposure report. */
export async function report(estate: Estate, host: string): Promise<Line[]> {
  return (await estate.ask(host, `awk -F '\\t' '!/^#/ && $2 == "tcp"' /etc/vgen/exposure.txt`)).split('\n')
    .map(line => {
      const [port = '', , address = '', who = ''] = line.split('\t');
      return { port: Number(port), address, who: who.split(',') };
    });
}

/** FROM TO ADDRESS PORT of all that the reports let through. */
export async function promised(estate: Estate, hosts: Addresses, ports: readonly number[]): Promise<string[]> {
  const found: string[] = [];
  for (const to of Object.keys(hosts)) {
    const lines = await report(estate, to);
    for (const from of Object.keys(hosts)
      .filter(one => one !== to)) for (const address of hosts[to] ?? []) for (const port of ports) {
      const isPublic = address === hosts[to]?.[0];
      const lets = (line: Line): boolean => line.port === port && ['all', address].includes(line.address)
        && line.who.some(who =>
          who === 'anyone' || who === from || (hosts[from]?.some(one => one === who) && isPublic));
      if (lines.some(lets)) found.push(`${from} ${to} ${address} ${port}`);
    }
  }
  return found.sort();
}

/** The same of all that really opens. */
export async function opened(estate: Estate, hosts: Addresses, ports: readonly number[]): Promise<string[]> {
  return (await Promise.all(Object.keys(hosts).map(async from => {
    const tries = Object.keys(hosts).filter(to => to !== from)
      .flatMap(to => (hosts[to] ?? []).flatMap(address => ports.map(port => `${from} ${to} ${address} ${port}`)));
    const out = await estate.ask(from, `while read -r from to address port; do
      (timeout 1.5 bash -c "</dev/tcp/$address/$port" 2>/dev/null && echo "$from $to $address $port" || true) & done <<'X'\n${tries.join(
        '\n',
      )}\nX\nwait`);
    return out.split('\n').filter(Boolean);
  }))).flat().sort();
}
