import { Type, type Static } from 'typebox';
import { filled, map, object, orNull, selector, word } from '../../schema/kinds.ts';

const locale = Type.String({
  pattern: '^([a-z]{2,3}_[A-Z]{2}|C)\\.UTF-8$', rule: 'a locale such as en_US.UTF-8',
  description: 'Language of the system; generated if need be.',
});

export const schema = object({
  hosts: filled(selector({ description: 'Hosts that get these settings.' }), 'all'),
  timezone: orNull<string>(Type.String({
    pattern: '^[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){0,2}$', rule: 'a zone such as Europe/Berlin or UTC',
    description: 'Time zone of the host.',
  })),
  locale: orNull<string>(locale),
  hardening: filled(Type.Boolean({
    description: 'Kernel settings against spoofing, redirects and leaks of kernel addresses; "sysctl" overrides them.',
  }), false),
  sysctl: filled(map(Type.Unsafe<string | number>({
    type: ['string', 'integer'], pattern: '^[A-Za-z0-9_./ -]+$', rule: 'letters, digits, blanks and _ . / -',
    description: 'Value of the setting.',
  }),
    { description: 'Kernel settings by name.', examples: [{ 'net.core.somaxconn': 4096 }] }, 'sysctl'), {}),
  swap: orNull<string>(word('size', { description: 'Size of a swap file, such as 2g; none in containers.' })),
  updates: orNull<{ readonly reboot: string | null; readonly except: readonly string[] }>(object({
    reboot: orNull<string>(Type.String({
      pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', rule: 'a time such as "04:30"',
      description: 'Time at which the host reboots if an update requires it; default never.',
    })),
    except: filled(Type.Array(
      Type.String({ pattern: '^[a-z0-9][a-z0-9.+-]+$', rule: 'the name of a package', description: 'A package.' }), {
        uniqueItems: true, description: 'Packages that are not upgraded automatically, such as datastores.',
      },
    ), []),
  }, { description: 'Daily security updates by unattended-upgrades.' })),
  timeServers: orNull<readonly string[]>(Type.Array(Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9.:-]*$', rule: 'a name or an address', description: 'An NTP server.',
  }), {
    uniqueItems: true,
    description: 'NTP servers of systemd-timesyncd; an empty list means those of Debian.',
  })),
}, { description: 'Time, language, kernel settings, swap and updates of hosts. Only what is set is managed.' });
export type System = Static<typeof schema>;
