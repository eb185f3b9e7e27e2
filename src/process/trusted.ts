// Files that vgen trusts at its next start, such as compiled code: nobody but this user and root may have written them.
import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, readFileSync, realpathSync, renameSync,
  writeFileSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';

const isOurs = ({ uid }: Stats): boolean => uid === 0 || uid === process.getuid?.();
const canOthersWrite = ({ mode }: Stats): boolean => (mode & 0o022) !== 0;
/** In a sticky directory, such as /tmp, nobody can rename what is somebody else's (inode(7)). */
const isSticky = ({ mode }: Stats): boolean => (mode & 0o1000) !== 0;

/** Whether nobody else can exchange the directory or any directory above it. */
function isTrusted(directory: string): boolean {
  for (let path = directory; ; path = dirname(path)) {
    const stat = lstatSync(path);
    if (!stat.isDirectory() || !isOurs(stat) || (canOthersWrite(stat) && !isSticky(stat))) return false;
    if (path === dirname(path)) return !isSticky(lstatSync(directory));
  }
}

/** The bytes of a file that nobody else can have written; null where there is none. */
export function readTrusted(directory: string, name: string): Buffer | null {
  let file: number | null = null;
  try {
    const real = realpathSync(directory);
    if (!isTrusted(real)) return null;
    file = openSync(join(real, name), constants.O_RDONLY | constants.O_NOFOLLOW);
    const stat = fstatSync(file);
    return stat.isFile() && isOurs(stat) && !canOthersWrite(stat) ? readFileSync(file) : null;
  } catch {
    return null;
  } finally {
    if (file !== null) closeSync(file);
  }
}

/** Writes a file whole or not at all, for this user alone; says whether it was written. */
export function writeTrusted(directory: string, name: string, bytes: Buffer | string): boolean {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const real = realpathSync(directory);
    if (!isTrusted(real)) return false;
    const beside = join(real, `${name}.${process.pid}`);
    writeFileSync(beside, bytes, { flag: 'wx', mode: 0o600 });
    renameSync(beside, join(real, name));
    return true;
  } catch {
    return false;
  }
}
