/**
 * What a fleet takes from the machine outside its process: a slot (0 to 253), that names its network, its folder in
 * /run and its disks. Whoever starts the next fleet cleans up after owners that were killed.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cachePath, removeLeftovers, withLock } from './cache.ts';
import { groupFolders, removeGroupsNow } from './cgroup.ts';
import { mountsBeneath, unmountBeneathNow } from './disk.ts';
import { atEnd } from './ending.ts';
import { networkName, removeNetworkNow } from './network.ts';
import { isAlive, isLeftover, markOf, signal } from '../process/marks.ts';
import { sleepNow } from '../process/sleep.ts';
import type { ProcessMark } from '../process/marks.ts';
import { detachBeneathNow } from './volumes.ts';

export interface Claim {
  slot: number;
  /** Keys, sockets and notes; short, because a socket's path has at most 107 characters (unix(7)). */
  run: string;
  disks: string;
  /** Control groups to put hosts below; none where systemd gives out scopes. */
  groups: string[];
}

interface Note {
  owner: ProcessMark;
  disks: string;
  groups: string[];
  processes: ProcessMark[];
}

/** What says of whom the machine's slots are; it does not outlive a reboot. */
export const runDir = '/run/vgen-rehearse';
const lock = join(runDir, 'lock');
const lastSlot = 253;
const mine = new Map<Claim, () => void>();

const groupsOf = (slot: number): string[] =>
  (existsSync('/run/systemd/system') ? [] : groupFolders(networkName(slot)));

/**
 * Takes a free slot after cleaning up what dead processes left. `fits` may turn a slot down.
 * @throws Error when all slots are taken.
 */
export async function claimSlot(fits: (slot: number) => boolean): Promise<Claim> {
  return withLock(lock, async () => {
    sweep();
    for (let slot = 0; slot <= lastSlot; slot += 1) {
      const claim = {
        slot, run: join(runDir, String(slot)), disks: cachePath('disks', String(slot)), groups: groupsOf(slot),
      };
      if (existsSync(claim.run) || existsSync(claim.disks) || !fits(slot)) continue;
      mkdirSync(claim.run, { mode: 0o700 });
      writeNote(claim, []);
      mkdirSync(claim.disks, { recursive: true });
      mine.set(claim, atEnd(() => releaseNow(claim)));
      return claim;
    }
    throw new Error(`all ${lastSlot + 1} rehearsal networks of this machine are taken: see ${runDir}`);
  });
}

/** Notes the processes that have to end with the fleet, for whoever cleans up after a kill. */
export function writeNote(claim: Claim, processes: ProcessMark[]): void {
  const { run, disks, groups } = claim;
  const note = { owner: markOf(process.pid), disks, groups, processes };
  // whoever reads it meanwhile finds one that is whole
  writeFileSync(join(run, 'note.new'), JSON.stringify(note));
  renameSync(join(run, 'note.new'), join(run, 'note.json'));
}

/** Ends what the claim still has running, then removes its network, mounts, disks and folder. Blocks. */
export function releaseNow(claim: Claim): void {
  // Once only: afterwards the slot may be another process's.
  mine.get(claim)?.();
  if (mine.delete(claim)) clearNow(claim);
}

function clearNow(claim: Claim): void {
  const processes = readNote(claim.run)?.processes ?? [];
  // nspawn kills its host on SIGTERM and tidies up after itself; what is left after two seconds goes the hard way.
  for (const mark of processes) signal(mark, 'SIGTERM');
  for (let attempt = 0; attempt < 200 && processes.some(isAlive); attempt += 1) {
    if (attempt === 100) for (const mark of processes) signal(mark, 'SIGKILL');
    sleepNow(20);
  }
  removeGroupsNow(claim.groups);
  removeNetworkNow(claim.slot);
  detachBeneathNow(claim.disks);
  unmountBeneathNow(claim.disks);
  // Never delete through a mount that could not be taken away: it may show the machine's files.
  if (mountsBeneath(claim.disks).length === 0) rmSync(claim.disks, { recursive: true, force: true });
  rmSync(claim.run, { recursive: true, force: true });
}

/** Removes what killed processes left of fleets, and of what was being made for them; of how many. */
export async function sweepSlots(): Promise<number> {
  return withLock(lock, () => Promise.resolve(sweep()));
}

/**
 * Under the lock: a claim without a living owner is what a killed process left, or a machine that lost power.
 * @returns how many things were left
 */
function sweep(): number {
  let found = removeLeftovers();
  const left = (dir: string) => existsSync(dir) ? readdirSync(dir).filter(name => /^\d+$/.test(name)) : [];
  for (const name of new Set([...left(runDir), ...left(cachePath('disks'))])) {
    const run = join(runDir, name);
    const note = readNote(run);
    if (note !== null && isAlive(note.owner)) continue;
    const { disks, groups } = note ?? { disks: cachePath('disks', name), groups: groupsOf(Number(name)) };
    clearNow({ slot: Number(name), run, disks, groups });
    found += 1;
  }
  for (const name of readdirSync(runDir).filter(isLeftover)) {
    unmountBeneathNow(join(runDir, name));
    rmSync(join(runDir, name), { recursive: true, force: true });
    found += 1;
  }
  return found;
}

function readNote(run: string): Note | null {
  try {
    return JSON.parse(readFileSync(join(run, 'note.json'), 'utf8')) as Note;
  } catch {
    return null;
  }
}
