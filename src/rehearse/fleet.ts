/** Boots real Debian hosts on this machine, as systemd-nspawn containers on a private network. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { eachLimited } from '../fleet/connect/pool.ts';
import { baseImage } from './base.ts';
import { claimSlot, releaseNow, writeNote } from './claim.ts';
import type { Claim } from './claim.ts';
import type { Bind } from './container.ts';
import { distribution } from './debian.ts';
import type { BaseSystem } from './debian.ts';
import { debLayer, defaultPackages } from './debs.ts';
import { mountOverlayNow } from './disk.ts';
import { RehearsalHost } from './host.ts';
import { bare, makeNetwork, managementAddress, networkFile, rangeIsFree } from './network.ts';
import { OwnDisk } from './own-disk.ts';
import { missing } from './requirements.ts';
import { configFile, identityFile, knownHostsFile, makeHostKey, makeKey, writeConfig } from './ssh.ts';
import { preparedLayer, type Prepared } from './prepared.ts';
import { makeVolumeNow } from './volumes.ts';
import type { ListedVolume } from './volumes.ts';

export interface HostSpec {
  name: string;
  /** The inventory's addresses, "10.8.0.1" (then /24, IPv6 /64) or "10.8.0.1/16"; public ones as well. */
  addresses: string[];
  /** What is on its disk before it boots, unless all of the fleet's packages are; default nothing. */
  prepared?: Prepared | undefined;
  /** Block devices with file systems that the host has, in its inventory's words; default none. */
  volumes?: readonly ListedVolume[] | undefined;
}

export interface FleetOptions {
  hosts: HostSpec[];
  /** The release that hosts have; default that of this machine. */
  base?: BaseSystem | undefined;
  /** What hosts can `apt-get install`; default nginx-light, supervisor, redis-server. */
  packages?: string[] | undefined;
  /** What they can install besides, where the distribution has it. */
  extras?: string[] | undefined;
  /** Whether these are installed already, with Debian's settings; default false: a plain server. */
  prepared?: boolean | undefined;
  /** Folders of this machine that all hosts see. */
  binds?: Bind[] | undefined;
  /** This machine's address as hosts see it, for firewalls that let only some in; default one of 10.213.0.0/16. */
  operator?: string | undefined;
  /**
   * Whether this machine reaches the hosts at the inventory's IPv4 addresses as well; default false, because then
   * this machine does not reach the real servers that have these addresses, nor another fleet that has them.
   */
  routed?: boolean | undefined;
  /** Whether each host has a disk of its own, which loses what was not synced when its power goes; default false. */
  ownDisks?: boolean | undefined;
  /** Whether hosts can run a container engine themselves; default false. */
  nested?: boolean | undefined;
  onProgress?: ((line: string) => void) | undefined;
}

export interface Fleet {
  hosts: Map<string, RehearsalHost>;
  /** For `ssh -F`: knows every host by its name and by each of its addresses, whether or not `routed`. */
  sshConfig: string;
  /** The private key that root of every host accepts. */
  identity: string;
  knownHosts: string;
  /** This machine's address as hosts see it. */
  operator: string;
  /** A folder of this machine that goes with the fleet, also after a kill. */
  dir: string;
  /** Turns all hosts off and removes all that the fleet made. May be called again. */
  stop(): Promise<void>;
}

let beforeStop: (fleet: Fleet) => Promise<void> = () => Promise.resolve();

/** `action` runs whenever a fleet is about to be turned off, for whoever wants to look at its hosts first. */
export function beforeEachStop(action: typeof beforeStop): void {
  beforeStop = action;
}

/**
 * Boots all hosts and waits until they have started everything. The first time on a machine it makes the base image
 * and the package repository (some minutes); later ones take seconds.
 * @throws Error when something is missing on this machine, a host's name or address is wrong, or a host does not boot;
 *   nothing is left behind then.
 */
export async function bootFleet(options: FleetOptions): Promise<Fleet> {
  const lack = missing();
  if (lack !== null) throw new Error(lack);
  checkNames(options.hosts);
  const onProgress = options.onProgress ?? (() => undefined);
  const origin = await distribution(options.base, onProgress);
  const base = await baseImage(origin, onProgress);
  const packages = options.packages ?? defaultPackages;
  const debs = await debLayer(base, origin, packages, options.extras ?? [], onProgress);
  const prepared = new Map<HostSpec, string[]>();
  for (const host of options.hosts) {
    const wanted = options.prepared === true ? { packages } : host.prepared ?? null;
    const layer = wanted === null ? [] : [await preparedLayer(debs, base, wanted, onProgress)];
    prepared.set(host, [...layer, debs, base]);
  }
  const claim = await claimSlot(slot => rangeIsFree(slot, options.hosts.flatMap(host => host.addresses)));
  const hosts = new Map<string, RehearsalHost>();
  const stop = async () => {
    // What does not go down by itself is killed by its pid when the claim is released.
    await Promise.allSettled([...hosts.values()].map(host => host.powerOff()));
    releaseNow(claim);
  };
  try {
    await prepare(claim, host => prepared.get(host) ?? [], options, hosts, onProgress);
    await eachLimited([...hosts.values()], Math.max(2, availableParallelism()), async host => {
      await host.boot();
      onProgress(`${host.name} is up at ${host.address} after ${host.bootSeconds.toFixed(1)} s`);
    });
  } catch (cause) {
    await stop();
    throw cause;
  }
  const fleet: Fleet = {
    hosts,
    stop: async () => {
      await beforeStop(fleet);
      await stop();
    },
    sshConfig: configFile(claim.run), identity: identityFile(claim.run), knownHosts: knownHostsFile(claim.run),
    operator: options.operator ?? managementAddress(claim.slot, 1), dir: claim.disks,
  };
  return fleet;
}

async function prepare(
  claim: Claim, layersOf: (host: HostSpec) => string[], options: FleetOptions, hosts: Map<string, RehearsalHost>,
  onProgress: (line: string) => void,
): Promise<void> {
  const operator = options.operator ?? null;
  const sites = options.hosts.map((host, index) => ({
    ...host, layers: layersOf(host), management: managementAddress(claim.slot, 10 + index),
    dir: join(claim.disks, String(index)),
  }));
  await makeNetwork(claim.slot, sites, { operator, routed: options.routed ?? false });
  const publicKey = await makeKey(claim.run);
  const onProcesses = () => writeNote(claim, [...hosts.values()].flatMap(host => host.processes));
  const targets = await Promise.all(sites.map(async (site, index) => {
    const disk = options.ownDisks === true ? new OwnDisk(site.layers, site.dir) : null;
    const root = disk?.root ?? mountOverlayNow(site.layers, site.dir);
    const volumes = (site.volumes ?? []).map((volume, i): Bind => (
      { from: makeVolumeNow(join(site.dir, `volume-${i}`), volume), to: volume.device, writable: true }));
    const network = networkFile(site, sites.filter(other => other !== site), operator);
    await seed(root, site.name, publicKey, network);
    hosts.set(site.name, new RehearsalHost({
      index, name: site.name, address: site.management, runDir: claim.run, disk, onProcesses, onProgress,
      container: {
        slot: claim.slot, machine: `v${claim.slot}-${index}`, hostname: site.name, root,
        log: join(site.dir, 'console.log'), groups: claim.groups,
        binds: [...options.binds ?? [], ...volumes], nested: options.nested ?? false,
      },
    }));
    return { name: site.name, address: site.management, aliases: site.addresses.map(bare), root };
  }));
  writeConfig(claim.run, targets);
}

/** What a provider's image gets at its first boot. */
async function seed(root: string, name: string, publicKey: string, network: string): Promise<void> {
  writeFileSync(join(root, 'etc/hostname'), `${name}\n`);
  writeFileSync(join(root, 'etc/hosts'), `127.0.0.1 localhost\n127.0.1.1 ${name}\n::1 localhost ip6-localhost\n`);
  mkdirSync(join(root, 'root/.ssh'), { mode: 0o700, recursive: true });
  writeFileSync(join(root, 'root/.ssh/authorized_keys'), publicKey, { mode: 0o600 });
  // Before systemd's 80-container-host0.network, which would ask for an address by DHCP: the first match counts.
  writeFileSync(join(root, 'etc/systemd/network/10-host0.network'), network);
  await makeHostKey(root);
}

function checkNames(hosts: HostSpec[]): void {
  const names = hosts.map(host => host.name);
  const wrong = names.find(name => !/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/i.test(name));
  if (wrong !== undefined) throw new Error(`"${wrong}" cannot be a host's name`);
  if (new Set(names).size < names.length) throw new Error('two hosts of the fleet have the same name');
  if (hosts.length === 0 || hosts.length > 200) throw new Error('a fleet has 1 to 200 hosts');
}
