import { describe, expect, it } from 'vitest';
import { app, compiled } from '../../../test/compiled.ts';

describe('secrets', () => {
  it.each([
    ['DB_PASSWORD', 'hunter22', true], ['DB_PASSWORD', 'short', false], ['PASSWORD_FILE', '/run/secret', false],
    ['API_TOKEN', '/run/token', false], ['USE_TOKEN', 'false', false],
    ['LEVEL', 'information', false], ['URL', 'postgres://u:p4ssw0rd@db/x', true], ['URL', 'postgres://u@db/x', false],
    ['URL', 'http://host:80/x@y', false],
    ['ANY', 'AKIAIOSFODNN7EXAMPLE', true], ['ANY', `ghp_${'a1'.repeat(18)}`, true], ['KEYS', 'abcdefgh', false],
  ])('%s=%s: %s', async (name, value, wanted) => {
    const { found } = await compiled(`apps: { api: ${app(`env: { ${name}: "${value}" }`)} }\n`);
    expect([...new Set(found)]).toEqual(wanted ? [`secrets/value apps.api.env.${name}`] : []);
  });

  it('one that nothing refers to is a warning; each way of reference counts', async () => {
    const { found } = await compiled(`apps: { api: ${app('env: { A: "x${secret.env}" }')} }\nredis: { r: { hosts: a, `
      + `password: ref } }\nsecrets: { env: { env: A }, ref: { env: B }, idle: { env: C } }\n`);
    expect(found).toEqual(['secrets/unused secrets.idle']);
  });
});
