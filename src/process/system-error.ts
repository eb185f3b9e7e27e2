// What the operating system refuses, in words: which path, why, and what to do about it.
import { Failure } from '../contract/diagnostic.ts';

/** An error of a system call, as Node throws it. */
export const isSystemError = (cause: unknown): cause is NodeJS.ErrnoException =>
  cause instanceof Error && 'syscall' in cause && 'code' in cause;

/** Code → what is said of a path. */
const REASONS: Readonly<Record<string, (path: string) => string>> = {
  EACCES: path => `"${path}" cannot be accessed; check its owner and mode, and those of the directories above it`,
  EDQUOT: path => `the quota does not allow to write "${path}"; make room`,
  EEXIST: path => `"${path}" is there already; move it away`,
  EISDIR: path => `"${path}" is a directory, and a file belongs there; move it away`,
  ENOENT: path => `"${path}" is not there, or a directory above it`,
  ENOSPC: path => `no space is left to write "${path}"; make room`,
  ENOTDIR: path => `"${path}", or a path above it, is a file, and a directory belongs there; move it away`,
  ENOTEMPTY: path => `"${path}" is a directory that is not empty; move it away`,
};
const ALIKE: Readonly<Record<string, string>> = { EPERM: 'EACCES', EROFS: 'EACCES' };

/**
 * A Failure (exit 2) that says what the system refused.
 * @param place the path that was worked on, where the error itself names none
 */
export function systemFailure(cause: NodeJS.ErrnoException, place: string): Failure {
  if (cause.syscall === 'uv_cwd') {
    return new Failure('the working directory is not there any more; change to another one', { cause });
  }
  const code = cause.code ?? 'unknown error';
  // of a rename, what is in the way is where it leads
  const { dest } = cause as { dest?: string };
  const path = dest ?? cause.path ?? place;
  const reason = REASONS[ALIKE[code] ?? code];
  return new Failure(reason ? `${reason(path)} (${code})` : `"${path}" cannot be used (${code})`, { cause });
}
