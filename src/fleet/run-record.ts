// What a run did on each host, kept for the user who ran it, so that the next one can take up those that are left.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Runs that are kept. */
const KEPT = 100;

export interface RunRecord {
  /** The first inventory file: runs of other inventories are not mixed up. */
  readonly project: string;
  readonly action: string;
  readonly app: string | null;
  /** The id of what is deployed, the same on all hosts. */
  readonly release: string | null;
  readonly began: string;
  /** By host: what came out; "untouched" until then. */
  readonly hosts: Readonly<Record<string, string>>;
}

const folder = (): string => join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local/state'), 'vgen/runs');

/** Writes a run down, from its begin on; each further result at once, so that a killed run is known too. */
export class Recorder {
  #record: RunRecord;
  readonly #file: string;

  constructor(inventory: string, details: Omit<RunRecord, 'project' | 'began' | 'hosts'>, hosts: readonly string[]) {
    const began = new Date().toISOString();
    this.#record = {
      project: resolve(inventory), ...details, began, hosts: Object.fromEntries(hosts.map(name => [name, 'untouched'])),
    };
    mkdirSync(folder(), { recursive: true, mode: 0o700 });
    this.#file = join(folder(), `${began.replaceAll(':', '')}-${process.pid}.json`);
    this.#write();
    for (const old of readdirSync(folder()).filter(isRecord).sort().slice(0, -KEPT)) {
      rmSync(join(folder(), old), { force: true });
    }
  }

  set(host: string, result: string): void {
    this.#record = { ...this.#record, hosts: { ...this.#record.hosts, [host]: result } };
    this.#write();
  }

  #write(): void {
    writeFileSync(`${this.#file}.new`, `${JSON.stringify(this.#record, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }
}

const isRecord = (name: string): boolean => name.endsWith('.json');

/** The newest run of an action (and app) on an inventory; null if there is none. */
export function lastRun(inventory: string, action: string, app: string | null): RunRecord | null {
  let names: string[];
  try {
    names = readdirSync(folder()).filter(isRecord).sort().reverse();
  } catch {
    return null;
  }
  for (const name of names) {
    const record = JSON.parse(readFileSync(join(folder(), name), 'utf8')) as RunRecord;
    if (record.project === resolve(inventory) && record.action === action && record.app === app) return record;
  }
  return null;
}

/** Hosts of a run that are not as they should be. */
export const leftOf = (record: RunRecord): string[] =>
  Object.entries(record.hosts).filter(([, result]) => result !== 'done' && result !== 'same').map(([host]) => host);
