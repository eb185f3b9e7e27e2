// The firewall of a host, made of what the others offer, and the report of who can reach what. It keeps to a table of
// its own: those of Docker and of others stay as they are, and what they let through still has to pass here.
import { isIPv6 } from '../../kit/address.ts';
import { component, type FileSpec, type Offers } from '../../contract/component.ts';
import { CONFIRM, filesOf, link, reload } from '../../kit/files.ts';
import { error, warning, type Diagnostic } from '../../contract/diagnostic.ts';
import type { Host, Model } from '../../contract/model.ts';
import type { Proof } from '../../contract/proof.ts';
import { exposureLine, flowsOn, letsIn, sourceMatches, type Flow } from './flows.ts';
import type { Firewall } from './schema.ts';

const { script, template } = filesOf('firewall');
const AT = ['firewall'];
const UNIT = 'vgen-firewall.service';
/** A comment of nft has at most 128 bytes and knows no quotes in it (nft(8), "COMMENT"). */
const LONGEST = 120;

const commentOf = (why: string): string => why.replaceAll('"', "'").slice(0, LONGEST);

function ruleView(flow: Flow): object[] {
  const to = flow.address === null ? '' : `${isIPv6(flow.address) ? 'ip6' : 'ip'} daddr ${flow.address} `;
  return (sourceMatches(flow) ?? [null]).map(one => {
    const source = one === null ? '' : `${one.family} saddr { ${one.addresses.join(', ')} } `;
    return {
      at: flow.at, match: `${to}${source}`, source, protocol: flow.protocol, port: flow.port, forwarded: flow.forwarded,
      comment: commentOf(flow.why),
    };
  });
}

/** One line per port, so that one that goes public is one line of a diff. */
function reportView(host: Host, filtered: boolean, flows: readonly Flow[]): object {
  return { at: host.at, host: host.name, filtered, lines: flows.map(flow => exposureLine(flow, filtered)) };
}

/** Every port that something opens on a host, at each of its addresses, tried from another host of the fleet. */
function probesOf(from: Host, to: Host, section: Firewall | null, offers: Offers): Proof {
  const flows = flowsOn(to, section, offers).filter(({ protocol }) => protocol === 'tcp');
  const ports = new Set([...flows, ...offers.on(to, 'port')].map(({ port }) => port));
  const words = [to.address, ...to.private === null ? [] : [to.private]].flatMap(address =>
    [...ports].sort((a, b) => a - b).flatMap(port => {
      const isOpen = flows.some(flow => flow.port === port && [null, address].includes(flow.address)
        && letsIn(flow, from, address));
      return [address, String(port), isOpen ? 'open' : 'closed'];
    }));
  return {
    step: 'firewall', host: to, from: [from], when: 'live',
    ask: { script: 'src/components/firewall/prove.sh', words: [from.name, ...words] },
  };
}

function check(section: Firewall, model: Model): Diagnostic[] {
  const found: Diagnostic[] = [];
  if (section.ssh && !section.ssh.anyone && section.ssh.networks.length === 0) {
    found.push(warning('firewall/ssh-hosts-only', ['firewall', 'ssh'], 'only hosts of the fleet may connect to sshd', {
      hint: 'add the network that you connect from, such as 192.0.2.0/24, unless you always connect through one of '
        + 'these hosts',
    }));
  }
  for (const one of Object.values(section.open)) {
    const other = Object.values(section.open)
      .find(before => before.name < one.name && before.port === one.port && before.protocol === one.protocol
        && [...before.hosts].some(host => one.hosts.has(host)));
    if (other) {
      const message = `port ${one.port}/${one.protocol} is opened by both "${other.name}" and "${one.name}"`;
      found.push(error('firewall/open-twice', [...one.at, 'port'], message, {
        hint: 'merge them into one entry that lists every peer in "from"',
        see: { message: `"${other.name}"`, at: other.at },
      }));
    }
    const idle = [...one.hosts].find(host => !section.hosts.has(host));
    if (idle && one.hosts.size < model.hosts.length) {
      const message = `"${one.name}" opens a port on host "${idle.name}", which has no firewall`;
      found.push(error('firewall/open-elsewhere', [...one.at, 'hosts'], message, {
        hint: 'add the host to "hosts" of the firewall',
        see: { message: 'hosts of the firewall', at: ['firewall', 'hosts'] },
      }));
    }
  }
  return found;
}

function files(host: Host, flows: readonly Flow[]): FileSpec[] {
  const unit = (path: string): FileSpec =>
    template(`/etc/systemd/system/${path}`, AT, {}, { onChange: [CONFIRM], check: 'systemd' });
  const bridges = 'vgen-bridges.service';
  return [
    template('/etc/nftables.d/vgen.nft', AT, { host: host.name, rules: flows.flatMap(ruleView) },
      { onChange: [reload(UNIT), CONFIRM], check: 'nft' }),
    unit(UNIT), unit('nftables.service.d/vgen.conf'), unit(bridges), script('/opt/vgen/firewall/bridges.sh', AT),
    link(`/etc/systemd/system/docker.service.wants/${bridges}`, AT, `../${bridges}`),
  ];
}

export const firewall = component<Firewall | null>({
  name: 'firewall',
  summary: 'A firewall made of the ports that others offer, and the report of who can reach what.',
  key: 'firewall',
  schema: () => import('./schema.ts'),
  check: ({ section, model }) => (section ? check(section, model) : []),
  offer: ({ host, section }) => (section?.hosts.has(host) ? [
    { kind: 'package', name: 'nftables', why: 'the firewall', at: ['firewall'] },
    { kind: 'unit', name: UNIT, downtime: null, why: 'the firewall', at: ['firewall'] },
  ] : []),
  plan: ({ host, section }, offers) => {
    const active = section?.hosts.has(host) ? section : null;
    const flows = flowsOn(host, active, offers);
    return { files: [
      template('/etc/vgen/exposure.txt', host.at, reportView(host, active !== null, flows)),
      ...active ? files(host, flows) : [],
    ] };
  },
  prove: ({ section, model, offers }) =>
    [...section?.hosts ?? []].flatMap(to => model.hosts.filter(from => from !== to)
      .map(from => probesOf(from, to, section, offers))),
});
