// All components, in alphabetical order. Adding one: a folder here, one in templates, one line in this list.
import type { Component } from '../component.ts';
import files from './files/index.ts';
import host from './host/index.ts';
import mongodb from './mongodb/index.ts';
import nginx from './nginx/index.ts';
import ngrok from './ngrok/index.ts';
import packages from './packages/index.ts';
import pm2 from './pm2/index.ts';
import postgres from './postgres/index.ts';
import rabbitmq from './rabbitmq/index.ts';
import redis from './redis/index.ts';
import secrets from './secrets/index.ts';
import slots from './slots/index.ts';
import supervisor from './supervisor/index.ts';
import systemd from './systemd/index.ts';
import users from './users/index.ts';
import volumes from './volumes/index.ts';

export const components: readonly Component[] = [
  files,
  host,
  mongodb,
  nginx,
  ngrok,
  packages,
  pm2,
  postgres,
  rabbitmq,
  redis,
  secrets,
  slots,
  supervisor,
  systemd,
  users,
  volumes,
];
