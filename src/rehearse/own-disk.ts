/**
 * A disk of a host's own: an ext4 file system in a file of this machine. When its power goes, all goes that nobody has
 * synced, as on a server; the changes of other hosts are in this machine's cache, which outlives them.
 */
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mountOverlayNow, unmountBeneathNow } from './disk.ts';
import { runNow } from '../process/run.ts';

/** Sparse: only what is written takes room. */
const bytes = 4 * 2 ** 30;
/** Few enough that a test can use them up, more than what is written over the layers. */
const inodes = 32_768;

/** EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH (kernel, fs/ext4/ioctl.c): nothing is written from here on. */
const shutdown = `open(my $disk, '<', $ARGV[0]) or die "$ARGV[0]: $!\\n";
  my $flags = pack('L', 2);
  ioctl($disk, 0x8004587d, $flags) or die "EXT4_IOC_SHUTDOWN: $!\\n";`;

export class OwnDisk {
  /** The host's file system as this machine sees it. */
  readonly root: string;
  readonly #layers: string[];
  #image: string;
  #losses = 0;
  readonly #mount: string;

  /**
   * Makes the disk in `dir` and mounts it over `layers`.
   * @throws Error when mkfs or mount refuses.
   */
  constructor(layers: string[], dir: string) {
    this.#layers = layers;
    this.#image = join(dir, 'disk.ext4');
    this.#mount = join(dir, 'disk');
    mkdirSync(this.#mount, { recursive: true });
    writeFileSync(this.#image, '');
    truncateSync(this.#image, bytes);
    demandNow('mkfs.ext4', '-q', '-F', '-N', String(inodes), this.#image);
    this.root = this.#attach();
  }

  /** From here on nothing gets to the disk any more. */
  losePower(): void {
    demandNow('perl', '-e', shutdown, this.#mount);
  }

  /**
   * What is on the disk is there again, after its journal was replayed: on a copy, since the dead file system lives on
   * in every mount namespace that was made meanwhile, such as that of another host.
   */
  comeBack(): void {
    const next = `${this.#image.replace(/\.\d+$/, '')}.${++this.#losses}`;
    demandNow('cp', '--sparse=always', this.#image, next);
    unmountBeneathNow(this.#mount);
    rmSync(this.#image);
    this.#image = next;
    this.#attach();
  }

  #attach(): string {
    demandNow('mount', '-o', 'loop', this.#image, this.#mount);
    return mountOverlayNow(this.#layers, this.#mount);
  }
}

function demandNow(program: string, ...args: string[]): void {
  const { code, stderr } = runNow(program, args);
  if (code !== 0) throw new Error(`${program} ${args.at(-1)} ended with code ${code}: ${stderr.trim()}`);
}
