// What makes a bare server fit to live: time, language, kernel settings, swap,
// updates. Only what is written is managed.
import { component, type FileSpec, type Offer } from '../../contract/component.ts';
import { filesOf, link, restart, type FileDetails } from '../../kit/files.ts';
import type { Path } from '../../contract/diagnostic.ts';
import type { System } from './schema.ts';

const { script, template } = filesOf('system');
const UNIT = 'vgen-system.service';
const AT: Path = ['system'];

/** Debian's and the CIS benchmark's advice, as far as no server misses what it takes away. */
const HARDENING: Readonly<Record<string, string>> = {
  'dev.tty.ldisc_autoload': '0', 'fs.protected_fifos': '2', 'fs.protected_hardlinks': '1', 'fs.protected_regular': '2',
  'fs.protected_symlinks': '1', 'fs.suid_dumpable': '0',
  'kernel.core_uses_pid': '1', 'kernel.dmesg_restrict': '1', 'kernel.kptr_restrict': '2',
  'kernel.perf_event_paranoid': '3',
  'kernel.unprivileged_bpf_disabled': '1', 'kernel.yama.ptrace_scope': '1', 'net.core.bpf_jit_harden': '2',
  'net.ipv4.conf.all.accept_redirects': '0', 'net.ipv4.conf.all.accept_source_route': '0',
  'net.ipv4.conf.all.rp_filter': '2', 'net.ipv4.conf.all.secure_redirects': '0',
  'net.ipv4.conf.all.send_redirects': '0', 'net.ipv4.conf.default.accept_redirects': '0',
  'net.ipv4.conf.default.send_redirects': '0',
  'net.ipv4.icmp_echo_ignore_broadcasts': '1', 'net.ipv4.tcp_rfc1337': '1', 'net.ipv4.tcp_syncookies': '1',
  'net.ipv6.conf.all.accept_redirects': '0', 'net.ipv6.conf.all.accept_source_route': '0',
  'net.ipv6.conf.default.accept_redirects': '0',
};

/**
 * The settings in the order of their names; one of the defaults may lack on a kernel, one that was asked for may not.
 */
function settings(section: System): object[] {
  const all = { ...section.hardening ? HARDENING : {}, ...section.sysctl };
  return Object.keys(all).sort()
    .map(name => ({ at: [...AT, 'sysctl'], name, value: String(all[name]), optional: !(name in section.sysctl) }));
}

const bytes = (size: string): number => Number(/^\d+/.exec(size)?.[0]) * {
  '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30,
}[size.replace(/^\d+/, '') as '' | 'k' | 'm' | 'g'];

const needsUnit = ({ locale, swap, timeServers }: System): boolean =>
  locale !== null || swap !== null || timeServers !== null;

function offer(section: System): Offer[] {
  const asked = (name: string, key: keyof System): Offer =>
    ({ kind: 'package', name, why: `system.${key}`, at: [...AT, key] });
  return [
    ...section.timezone === null ? [] : [asked('tzdata', 'timezone')],
    ...section.locale === null || section.locale.startsWith('C.') ? [] : [asked('locales', 'locale')],
    ...section.hardening || Object.keys(section.sysctl).length ? [asked('procps', 'sysctl')] : [],
    ...section.updates === null ? [] : [asked('unattended-upgrades', 'updates')],
    ...section.timeServers === null ? [] : [asked('systemd-timesyncd', 'timeServers')],
    ...needsUnit(section)
      ? [{ kind: 'unit', name: UNIT, downtime: null, why: 'locale, swap and clock', at: AT } as const]
      : [],
  ];
}

function files(section: System): FileSpec[] {
  const file = (path: string, view: object, details: FileDetails = {}): FileSpec => template(path, AT, view, details);
  const onChange = [restart(UNIT)];
  const { timezone, locale, updates, timeServers, swap } = section;
  const all = settings(section);
  return [
    ...timezone === null ? [] : [link('/etc/localtime', [...AT, 'timezone'], `/usr/share/zoneinfo/${timezone}`)],
    ...locale === null ? [] : [file('/etc/default/locale', { locale })],
    ...all.length === 0 ? []
      : [file('/etc/sysctl.d/60-vgen.conf', { settings: all }, { onChange: [restart('systemd-sysctl.service')] })],
    ...updates === null ? [] : [file('/etc/apt/apt.conf.d/52vgen', { reboot: updates.reboot, except: updates.except })],
    ...timeServers === null ? [] : [
      file('/etc/systemd/timesyncd.conf.d/vgen.conf', { servers: timeServers.join(' ') }, {
        onChange: [restart('systemd-timesyncd.service')],
      }),
    ],
    ...!needsUnit(section) ? [] : [
      file('/etc/vgen/system.conf', {
        locale: locale?.startsWith('C.') ? null : locale, swap: swap === null ? null : bytes(swap),
        clock: timeServers !== null,
      }, { onChange }),
      file(`/etc/systemd/system/${UNIT}`, {}, { onChange, check: 'systemd' }),
      script('/opt/vgen/system/system.sh', AT, { onChange }),
    ],
  ];
}

export const system = component<System | null>({
  name: 'system',
  summary: 'Time, language, kernel settings, swap and updates.',
  key: 'system',
  schema: () => import('./schema.ts'),
  offer: ({ host, section }) => (section?.hosts.has(host) ? offer(section) : []),
  plan: ({ host, section }) => ({ files: section?.hosts.has(host) ? files(section) : [] }),
});
