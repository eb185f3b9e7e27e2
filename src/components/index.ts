// All components, in alphabetical order. Adding one: a folder here, one in templates, one line in this list.
import type { Component, Keeper } from '../contract/component.ts';
import { backups } from './backups/index.ts';
import { certs } from './certs/index.ts';
import { files } from './files/index.ts';
import { firewall } from './firewall/index.ts';
import { host } from './host/index.ts';
import { jobs } from './jobs/index.ts';
import { logs } from './logs/index.ts';
import { mongodb } from './mongodb/index.ts';
import { nginx } from './nginx/index.ts';
import { ngrok } from './ngrok/index.ts';
import { packages } from './packages/index.ts';
import { pm2 } from './pm2/index.ts';
import { postgres } from './postgres/index.ts';
import { rabbitmq } from './rabbitmq/index.ts';
import { redis } from './redis/index.ts';
import { secrets } from './secrets/index.ts';
import { sites } from './sites/index.ts';
import { slots } from './slots/index.ts';
import { sshd } from './sshd/index.ts';
import { supervisor } from './supervisor/index.ts';
import { system } from './system/index.ts';
import { systemd } from './systemd/index.ts';
import { users } from './users/index.ts';
import { volumes } from './volumes/index.ts';

export const components: readonly Component[] = [
  backups,
  certs,
  files,
  firewall,
  host,
  jobs,
  logs,
  mongodb,
  nginx,
  ngrok,
  packages,
  pm2,
  postgres,
  rabbitmq,
  redis,
  secrets,
  sites,
  slots,
  sshd,
  supervisor,
  system,
  systemd,
  users,
  volumes,
];

/** What runs programs beside slots, of all runtimes. */
export const keepers: readonly Keeper[] =
  components.flatMap(({ name, keeper }) => (keeper ? [{ ...keeper, runtime: name }] : []));
