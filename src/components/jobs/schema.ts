import { Type, type Static } from 'typebox';
import type { App, Hosts, Text } from '../../contract/model.ts';
import { JOB_RELAXATIONS, type JobRelaxation } from '../../contract/component.ts';
import { entries, filled, object, orNull, ref, selector, word } from '../../schema/kinds.ts';

const job = object({
  hosts: orNull<Hosts>(selector({ description: 'Hosts that run the job; default the hosts of the app, or all.' })),
  calendar: word('calendar', {
    description: 'Schedule, as in systemd.time(7); a run that was missed while the host was off follows after it '
      + 'starts.',
    examples: ['*-*-* 03:30:00'],
  }),
  command: Type.Unsafe<readonly Text[]>({
    type: ['string', 'array'], items: { type: 'string', text: ['host'] }, minItems: 1, minLength: 1, words: true,
    description: 'Command: words split at spaces, or a list. "./x" is in the live release of the app.',
  }),
  app: orNull<App>(ref('apps', { description: 'App whose live release it runs in, as its user.' })),
  user: orNull<string>(word('name', { description: 'User that runs the job; default the user of the app, or root.' })),
  timeout: filled(word('duration', { description: 'Longest time that a run may take.' }), '1h'),
  writes: filled(Type.Array(Type.String({
    pattern: '^(/[A-Za-z0-9_.@:+=-]+)+$', rule: 'a plain absolute path', description: 'A path.',
  }), {
    uniqueItems: true,
    description: 'Paths that a job of root may write to beside its own /tmp and /var/lib/vgen-job-NAME; a path that is '
      + 'not there when the job starts is skipped. Below /home, /root and /dev only with "relax".',
    examples: [['/etc/letsencrypt', '/var/log/letsencrypt']],
  }), []),
  relax: filled(Type.Array(Type.Unsafe<JobRelaxation>({
    type: 'string', enum: [...JOB_RELAXATIONS], description: 'An exception.',
  }), {
    uniqueItems: true,
    description: 'Exceptions from the hardening of the unit: capabilities (all those of root), devices (/dev), files '
      + '(root may write all but /boot, /etc and /usr, as other users), home (/home, /root), namespaces (sandboxes, '
      + 'containers), network (all kinds of sockets), proc (other processes and kernel figures in /proc), setuid '
      + '(files that run as their owner), syscalls (all system calls).',
  }), []),
}, { description: 'A command that runs on a schedule.' });

export const schema = entries(job, { description: 'Jobs by name; each is a systemd timer, vgen-job-NAME.timer.' });
export type Jobs = Static<typeof schema>;
