// install.sh on a bare Debian server: the first time, the second time, and what it refuses.
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { because, bin, incoming, lack, Machine, password } from './machine.ts';

describe.skipIf(lack !== null)(`install.sh on a bare host (${because})`, () => {
  let machine: Machine;

  beforeAll(async () => {
    machine = await Machine.boot('v1');
  });

  afterAll(() => machine?.stop());

  it('does nothing at all while a secret is missing', async () => {
    const { code, text } = await machine.install(machine.tree());
    expect(code).toBe(2);
    expect(text).toContain('missing in /etc/vgen/secrets: demoKey redisPassword');
    expect(await machine.ask('ls /opt; dpkg-query -W nginx-light 2>/dev/null || true')).toBe('');
  });

  it('refuses a tree that did not come over whole', async () => {
    const tree = machine.tree();
    rmSync(`${tree.dir}/etc/nginx/nginx.conf`);
    const { code, text } = await machine.install(tree);
    expect(code).toBe(2);
    expect(text).toContain('it lacks /etc/nginx/nginx.conf');
    await machine.push(machine.tree());
    await machine.ask(`sed -i s/6379/6378/ ${incoming}/etc/redis/redis.conf`);
    const stale = await machine.run(`bash ${incoming}/install.sh`);
    expect(stale.code).toBe(2);
    expect(stale.text).toContain('this tree is not what its SHA256SUMS says: /etc/redis/redis.conf');
  });

  it('finishes what a kill in the middle of dpkg left', async () => {
    await machine.putSecrets();
    await machine.ask(`printf '#!/bin/sh\\nexit 0\\n' > /usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d`);
    await machine.push(machine.tree());
    await machine.run(`setsid bash ${incoming}/install.sh --foreground >/dev/null 2>&1 & pid=$!
      until grep -qs Unpacking.*redis /var/log/vgen/apt.log; do sleep 0.05; done; kill -9 -- -$pid; wait $pid; true`);
    expect(await machine.ask('grep -c "Made by vgen" /usr/sbin/policy-rc.d')).toBe('1');
    await machine.ask('chmod 644 /etc/vgen/secrets/redisPassword');
    const { code, text } = await machine.run(`bash ${incoming}/install.sh`);
    expect(code, text).toBe(0);
    expect(text).toContain('secret redisPassword was not for root alone');
    expect(text).toContain('/usr/local/bin/ngrok is not there');
    const policy = '/usr/sbin/policy-rc.d';
    expect(await machine.ask(`cat ${policy}; ls ${policy}*`)).toBe(`#!/bin/sh\nexit 0\n${policy}`);
  });

  it('has made the bare server what the tree says', async () => {
    const active = await machine.ask('systemctl is-active nginx redis-server supervisor beat');
    expect(active).toBe('active\nactive\nactive\nactive');
    expect(await machine.ask('systemctl is-enabled beat; systemctl is-active ngrok || true')).toBe('enabled\ninactive');
    const files = '/etc/redis/redis.conf /etc/supervisor/secrets.conf /etc/vgen/secrets';
    expect(await machine.ask(`stat -c '%a %U:%G' ${files}`)).toBe('640 root:redis\n600 root:root\n700 root:root');
    expect(await machine.ask(`REDISCLI_AUTH=${password} redis-cli ping`)).toBe('PONG');
    expect(await machine.ask('getent passwd demo')).toMatch(/:\/opt\/demo:\/usr\/sbin\/nologin$/);
    expect(await machine.ask('ss -Hltn "sport = :80"'), 'the package’s default site').toBe('');
  });

  it('does nothing the second time and restarts nothing', async () => {
    const before = await machine.processes();
    const text = await machine.installed(machine.tree());
    expect(text).toContain('one: nothing to do');
    expect(text).not.toMatch(/^(file|restart|reload|start) /m);
    expect(await machine.processes()).toBe(before);
  });

  it('refuses a tree for another host', async () => {
    const { code, text } = await machine.install(machine.tree().edit('manifest.tsv', '\nhost\tone\n', '\nhost\ttwo\n'));
    expect(code).toBe(3);
    expect(text).toContain('this machine is one, the tree is for two');
  });

  it('refuses whoever is not root', async () => {
    await machine.ask(`rm -rf /tmp/tree; cp -r ${incoming} /tmp/tree; chmod -R a+rX /tmp/tree`);
    const scripts =
      { '/tmp/tree/install.sh': '', [`${bin}/vgen switch demo`]: ' switch', [`${bin}/vgen status`]: ' status' };
    for (const [script, command] of Object.entries(scripts)) {
      const { code, text } = await machine.run(`su nobody -s /bin/bash -c 'bash ${script}'`);
      expect(code).toBe(2);
      expect(text).toContain(`only root can do this; try: sudo bash ${script.split(' ')[0]}${command} …`);
    }
  });

  it('starts what waited for a program once that is there', async () => {
    expect((await machine.run(`${bin}/vgen status`)).code).toBe(1);
    const program = '/usr/local/bin/ngrok';
    await machine.ask(`printf '#!/bin/sh\\nexec sleep 100000\\n' > ${program}; chmod 755 ${program}`);
    expect(await machine.installed(machine.tree())).toContain('start     ngrok.service');
    expect(await machine.ask('systemctl is-active ngrok')).toBe('active');
  });

  it('makes a placeholder for a certificate once, and touches no other pair again', async () => {
    const tree = (): ReturnType<Machine['tree']> =>
      machine.tree().list('certificate front www-data one.example,*.one.example,10.9.0.1');
    const pair = '/etc/vgen/tls/front';
    expect(await machine.installed(tree())).toContain('certificate front (a placeholder)');
    expect(await machine.ask(`stat -c '%a %U:%G' ${pair} ${pair}/key.pem ${pair}/cert.pem`))
      .toBe('750 root:www-data\n640 root:www-data\n644 root:www-data');
    expect(await machine.ask(`openssl x509 -in ${pair}/cert.pem -noout -ext subjectAltName | tail -n 1; `
      + `cmp ${pair}/cert.pem /etc/vgen/tls/ca.pem`))
      .toBe('DNS:one.example, DNS:*.one.example, IP Address:10.9.0.1');
    expect(await machine.ask(
      `diff <(openssl pkey -in ${pair}/key.pem -pubout) <(openssl x509 -in ${pair}/cert.pem -noout -pubkey) && echo `
        + `same`,
    )).toBe('same');
    const status = async (): Promise<unknown[]> =>
      (JSON.parse((await machine.run(`${bin}/vgen status --json`)).stdout) as { certificates: unknown[] }).certificates;
    expect(await status())
      .toEqual([{ name: 'front', issuer: 'placeholder', days: expect.closeTo(3649, -1) as number }]);
    const two = tree().list('certificate second root two.example');
    expect(await machine.installed(two)).toContain('certificate second (a placeholder)');
    expect(await machine.ask('cat /etc/vgen/tls/{front,second}/cert.pem | cmp - /etc/vgen/tls/ca.pem && echo both'))
      .toBe('both');
    const before = await machine.ask(`sha256sum ${pair}/*`);
    await machine.ask(`rm ${pair}/../ca.pem; chgrp root ${pair}/key.pem; mkdir ${pair}/../.front.vgen-new`);
    expect(await machine.installed(tree())).toContain('certificate front (for group www-data)');
    expect(await machine.ask(`sha256sum ${pair}/*`)).toBe(before);
    expect(await machine.installed(tree())).toContain('one: nothing to do');
    await machine.installed(machine.tree());
    expect(await machine.ask(`sha256sum ${pair}/*`), 'a key is never removed').toBe(before);
  });
});
