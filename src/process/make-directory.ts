// Directories, made step by step.
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a directory, and those above it; one that is there is as good. Node's own `recursive` never ends where the
 * system says of a directory that is there that it is not (ENOENT below /proc).
 * @throws the error of the system call
 */
export function makeDirectory(path: string): void {
  try {
    mkdirSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST' && isDirectory(path)) return;
    if (code !== 'ENOENT' || isDirectory(dirname(path)) || dirname(path) === path) throw cause;
    makeDirectory(dirname(path));
    mkdirSync(path);
  }
}

const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
