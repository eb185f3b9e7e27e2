// All components, in alphabetical order. Adding one: a folder here, one in templates, one line in this list.
import type { Component } from '../component.ts';
import certs from './certs/index.ts';
import files from './files/index.ts';
import host from './host/index.ts';
import nginx from './nginx/index.ts';
import ngrok from './ngrok/index.ts';
import packages from './packages/index.ts';
import redis from './redis/index.ts';
import secrets from './secrets/index.ts';
import sites from './sites/index.ts';
import slots from './slots/index.ts';
import supervisor from './supervisor/index.ts';
import systemd from './systemd/index.ts';
import users from './users/index.ts';

export const components: readonly Component[] = [
  certs,
  files,
  host,
  nginx,
  ngrok,
  packages,
  redis,
  secrets,
  sites,
  slots,
  supervisor,
  systemd,
  users,
];
