// Three hosts for the tests of datastores: the datastores with a real block device,
// their user, and one that uses nothing.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { bootFleet, type Fleet } from '../../../src/rehearse/fleet.ts';
import type { RehearsalHost } from '../../../src/rehearse/host.ts';
import { missing } from '../../../src/rehearse/requirements.ts';
import { have } from '../../programs.ts';
import { cli } from '../../vgen.ts';

const run = (program: string, ...words: string[]): string =>
  execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

/** Why these tests cannot run here; null if they can. */
export function lacking(): string | null {
  const lack = missing();
  if (lack !== null) return lack;
  const absent = Object.entries({ losetup: 'mount', openssl: 'openssl', 'mkfs.ext4': 'e2fsprogs', 'age-keygen': 'age' })
    .filter(([program]) => !have(program));
  if (absent.length > 0) {
    return `${absent.map(([program]) => program).join(', ')} not found: run apt-get install ${
      absent.map(([, name]) => name).join(' ')}`;
  }
  try {
    run('losetup', '--find');
    return null;
  } catch {
    return 'no free loop device: modprobe loop, and in a container --privileged with /dev of the machine';
  }
}

/** What hosts can install: all that the datastores' tests need, so that they share one repository. */
const packages = [
  'nginx-light', 'openssl', 'supervisor', 'redis-server', 'postgresql-15', 'postgresql-client-15', 'rabbitmq-server',
  'nodejs', 'python3-pika', 'python3-psycopg2',
];

export class Datastores {
  readonly work = mkdtempSync(join(tmpdir(), 'vgen-datastores-'));
  #fleet: Fleet | null = null;
  /** Trees of former installs come again here, which a host else takes for older ones. */
  #order = 0;

  constructor() {
    this.#authority();
  }

  /** Boots data, app and other. */
  async boot(): Promise<void> {
    this.#fleet = await bootFleet({
      hosts: [
        { name: 'data', addresses: ['10.9.0.1'], volumes: [{ device: '/dev/disk/by-label/vgen-data', type: 'ext4' }] },
        { name: 'app', addresses: ['10.9.0.2'] }, { name: 'other', addresses: ['10.9.0.3'] },
      ],
      packages,
    });
  }

  host(name: string): RehearsalHost {
    const found = this.#fleet?.hosts.get(name);
    if (!found) throw new Error(`no host ${name}`);
    return found;
  }

  /** Turns all off; how many devices the volumes had before, and after. */
  async powerOff(): Promise<[number, number]> {
    const dir = dirname(this.host('data').root);
    const devices = (): number => run('losetup', '--list', '--noheadings', '--raw', '--output', 'BACK-FILE').split('\n')
      .filter(file => file.startsWith(dir)).length;
    const before = devices();
    await this.#fleet?.stop();
    return [before, devices()];
  }

  async stop(): Promise<void> {
    await this.#fleet?.stop();
    rmSync(this.work, { recursive: true, force: true });
  }

  /** Both outputs of a script on a host; throws if it fails. */
  async on(name: string, script: string, stdin = ''): Promise<string> {
    const { code, stdout, stderr } = await this.host(name).run(script, { timeoutSeconds: 200, stdin });
    if (code !== 0) throw new Error(`${name}: ${script} ended with ${code}\n${stdout}${stderr}`);
    return `${stdout}${stderr}`.trim();
  }

  /** Builds the inventory and runs a host's install.sh; its exit code and all that it printed. */
  async install(inventory: string, name: string): Promise<{ code: number | null; text: string }> {
    writeFileSync(join(this.work, 'inventory.yaml'), inventory);
    execFileSync(process.execPath, [cli, 'build'], {
      cwd: this.work, stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, XDG_CACHE_HOME: join(this.work, 'cache') },
    });
    await this.host(name).push(join(this.work, 'out', name), '/root/tree');
    const { code, stdout, stderr } =
      await this.host(name).run(`bash /root/tree/install.sh --order ${++this.#order}`, { timeoutSeconds: 200 });
    return { code, text: `${stdout}${stderr}` };
  }

  async secrets(name: string, values: Readonly<Record<string, string>>): Promise<void> {
    for (const [secret, value] of Object.entries(values)) {
      await this.on(name, `umask 077; mkdir -p /etc/vgen/secrets; cat >/etc/vgen/secrets/${secret}`, value);
    }
  }

  /** The app as a release of one file. */
  release(): string {
    const path = join(this.work, 'release/shop');
    mkdirSync(join(this.work, 'release'), { recursive: true });
    copyFileSync(join(import.meta.dirname, 'shop.py'), path);
    chmodSync(path, 0o755);
    return path;
  }

  #authority(): void {
    const subject = ['-subj', '/CN=the tests'];
    run(
      'openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
      ...subject,
      '-keyout', join(this.work, 'ca.key'), '-out', join(this.work, 'ca.pem'),
    );
  }

  /**
   * Lays a certificate for `names` at /etc/vgen/tls/NAME, as whoever issues them does; only
   * the authority where there are no names.
   */
  async certificate(host: string, name: string, group: string, names: readonly string[]): Promise<void> {
    const at = (file: string): string => join(this.work, file);
    await this.on(
      host, 'mkdir -p -m 0755 /etc/vgen/tls; cat >/etc/vgen/tls/ca.pem; chmod 0644 /etc/vgen/tls/ca.pem',
      readFileSync(at('ca.pem'), 'utf8'),
    );
    if (names.length === 0) return;
    run(
      'openssl', 'req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`,
      '-keyout', at('leaf.key'), '-out', at('leaf.csr'),
    );
    writeFileSync(
      at('leaf.ext'), `subjectAltName=${names.map(one => (/^[\d.]+$/.test(one) ? `IP:${one}` : `DNS:${one}`))
      .join(',')}\n`,
    );
    run(
      'openssl', 'x509', '-req', '-in', at('leaf.csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial',
      '-days', '2', '-extfile', at('leaf.ext'),
      '-out', at('leaf.pem'),
    );
    const dir = `/etc/vgen/tls/${name}`;
    await this.on(host, `mkdir -p ${dir}; cat >${dir}/cert.pem`, readFileSync(at('leaf.pem'), 'utf8'));
    await this.on(
      host, `umask 077; cat >${dir}/key.pem; chown root:${group} ${dir}/key.pem; chmod 0640 ${dir}/key.pem`,
      readFileSync(at('leaf.key'), 'utf8'),
    );
  }
}
