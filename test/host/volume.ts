// A block device with an empty file system on it, as a provider attaches a volume to a server.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missing } from '../../src/rehearse/requirements.ts';

const run = (program: string, ...words: string[]): string => execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

/** Why there can be no hosts with volumes here; null if there can. */
export function lacking(): string | null {
  const lack = missing();
  if (lack !== null) return lack;
  try {
    run('losetup', '--find');
    run('openssl', 'version');
    run('mkfs.ext4', '-V');
    return null;
  } catch (cause) {
    return `a free loop device, openssl and mkfs.ext4 are needed: ${(cause as Error).message.split('\n')[0] ?? ''}`;
  }
}

export class LoopVolume {
  readonly #dir = mkdtempSync(join(tmpdir(), 'vgen-volume-'));
  readonly #device: string;
  readonly #label: string;

  /** @param size as truncate(1) takes it */
  constructor(label: string, size = '400M') {
    const image = join(this.#dir, 'image');
    this.#label = label;
    run('truncate', `--size=${size}`, image);
    run('mkfs.ext4', '-q', '-F', '-L', label, image);
    this.#device = run('losetup', '--find', '--show', image);
  }

  /** For hosts that shall have it; udev, which containers lack, would make the link by label. */
  get bind(): { from: string; to: string; writable: true } {
    return { from: this.#device, to: `/dev/disk/by-label/${this.#label}`, writable: true };
  }

  remove(): void {
    run('losetup', '--detach', this.#device);
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
