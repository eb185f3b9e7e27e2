// Process managers that are killed, and processes that outlive them: the managers are back by themselves, nothing keeps
// the port of a successor, and no switch is proven by a process that is not the slot's own.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { because, bin, lack, Machine } from './machine.ts';

describe.skipIf(lack !== null)(`process managers that are killed (${because})`, () => {
  let machine: Machine;
  const ask = (script: string) => machine.ask(script);
  const run = (command: string) => machine.run(`${bin}/vgen ${command}`);
  const live = () => ask('basename "$(readlink -f /opt/demo/live/release)"');
  const bad = () => ask('ls -A /var/lib/vgen/apps/demo/bad 2>/dev/null || true');
  /** Waits up to ten seconds until a condition holds; it must. */
  const until = (condition: string) => ask(`for (( i = 0; i < 100; i++ )); do
    ! { ${condition}; } >/dev/null 2>&1 || exit 0
    sleep 0.1
  done; echo 'not within 10 s: ${condition.replaceAll("'", '')}'; systemctl status supervisor nginx; exit 1`);
  const kill = async (unit: string) => {
    const pid = await ask(`systemctl show --property MainPID --value ${unit}`);
    await ask(`kill -9 ${pid}`);
    await until(`pid=$(systemctl show --property MainPID --value ${unit}); (( pid > 1 && pid != ${pid} ))`);
  };

  beforeAll(async () => {
    machine = await Machine.bootWithApps();
  });

  afterAll(() => machine?.stop());

  it('supervisord is back, and its programs run once', async () => {
    await kill('supervisor.service');
    await until('curl -sf http://127.0.0.1:8000/ && curl -sf http://127.0.0.1:8001/');
    expect(await ask(`main=$(systemctl show --property MainPID --value supervisor)
      ps -o ppid= -u demo | tr -d ' ' | grep -vxc "$main"; ps -o pid= -u demo | wc -l; true`)).toBe('0\n2');
    await until(`(( $(${bin}/vgen status | grep -c ' healthy') == 4 ))`);
  });

  it('nginx is back', async () => {
    await kill('nginx.service');
    await until('curl -sf http://127.0.0.1:8000/ && curl -sf http://127.0.0.1:8010/');
  });

  describe.each([
    { app: 'demo', port: 20000, stop: 'supervisorctl stop demo-blue', letter: 'r' },
    { app: 'tick', port: 20010, stop: 'systemctl stop tick-blue', letter: 't' },
  ])('with an orphan on the port of the next slot of $app', ({ app, stop }) => {
    beforeAll(async () => {
      // of the same program and user, as one that was left by a manager that died
      await ask(`${stop}; pid=$(systemctl show --property MainPID --value supervisor)
        . /opt/vgen/apps/${app}/blue.sh; port=\$slot_port
        until ! ss -Hltn "sport = :$port" | grep -q .; do sleep 0.1; done
        systemd-run --quiet --unit orphan --uid ${app} --setenv=SLOT=blue --setenv=GREETING=lost \\
          /usr/bin/python3 /opt/${app}/blue/release/${app === 'demo' ? 'demo' : 'run'} $port
        for (( i = 0; i < 50; i++ )); do
          ! curl -s -o /dev/null http://127.0.0.1:$port/ || exit 0
          sleep 0.1
        done; journalctl -u orphan; exit 1`);
    });

    it('refuses to switch to it', async () => {
      const before = await live();
      const { code, text } = await run(`switch ${app}`);
      expect(code, text).toBe(1);
      expect(text).toContain(`${app}: the next slot blue is not healthy`);
      expect(await live()).toBe(before);
      expect((await run('status')).code).toBe(1);
    });

    it('does not deploy beside it, and works when it is gone', async () => {
      const file = app === 'demo' ? 'v2' : 'v2.d';
      expect((await run(`deploy ${app} /root/artifacts/${file} --release again`)).text).toContain('although blue is stopped');
      await ask('systemctl stop orphan');
      expect((await run(`deploy ${app} /root/artifacts/${file} --release again`)).code).toBe(0);
      expect((await run(`switch ${app}`)).code).toBe(0);
      expect((await run(`rollback ${app}`)).code).toBe(0);
    });
  });

  it('is not disturbed by who listens on its port at another address', async () => {
    // anybody may bind 127.0.0.2, and nobody who asks 127.0.0.1 gets there
    await ask(`systemd-run --quiet --unit beside --uid nobody python3 -c '
import socket, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.2", 20001)); s.listen()
time.sleep(600)'
      until ss -Hltn 'src 127.0.0.2:20001' | grep -q .; do sleep 0.1; done`);
    expect((await run('status')).text).not.toContain('is held by');
    expect((await run('switch demo')).code).toBe(0);
    expect((await run('switch demo')).code).toBe(0);
    await ask('systemctl stop beside');
  });

  it('is not fooled by a process whose name says that it is another', async () => {
    // ss prints a name as it is: this one reads as a list of processes
    await ask(`supervisorctl stop demo-blue; systemd-run --quiet --unit forger --uid nobody perl -MIO::Socket::INET -e '
$0 = q(",pid=1,fd=3);
my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 20000, Listen => 8, ReuseAddr => 1) or die;
sleep 600;'
      for (( i = 0; i < 50; i++ )); do ! ss -Hltn 'src 127.0.0.1:20000' | grep -q . || exit 0; sleep 0.1; done; exit 1`);
    expect((await run('switch demo')).text).toContain('the next slot blue is not healthy');
    const { text } = await run('deploy demo /root/artifacts/v2 --release forged');
    expect(text).toMatch(/port 20000 is held by "pid1fd3",pid=[1-9]\d+ although blue is stopped/);
    await ask('systemctl stop forger; supervisorctl start demo-blue; sleep 2');
  });

  it('a rollback that fails marks nothing bad, and the next one goes no further back', async () => {
    await ask(`${bin}/vgen deploy demo /root/artifacts/v2 --release r8 && ${bin}/vgen switch demo &&
      ${bin}/vgen deploy demo /root/artifacts/v1 --release r9 && ${bin}/vgen switch demo &&
      ${bin}/vgen deploy demo /root/artifacts/v2 --release r10`);
    await ask('chmod a-x /opt/demo/releases/r8/demo');
    const failed = await run('rollback demo');
    expect(failed.code, failed.text).toBe(1);
    expect(await live()).toBe('r9');
    expect(await bad()).not.toMatch(/^r8$/m);
    await ask('chmod a+x /opt/demo/releases/r8/demo');
    expect((await run('rollback demo')).code).toBe(0);
    expect(await live()).toBe('r8');
  });
});
