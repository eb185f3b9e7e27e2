// Writes a file for another program. One that vgen did not write is left alone.
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '../contract/diagnostic.ts';
import { makeDirectory } from '../process/make-directory.ts';
import { isSystemError, systemFailure } from '../process/system-error.ts';

export interface Writing {
  /** Overwrite what vgen did not write. */
  readonly force: boolean;
  readonly isExecutable?: boolean;
  /** How another place is named, for the message. */
  readonly option: string;
}

/** Writes text into a file. Throws a Failure (exit 3) where a file is that vgen did not write. */
export function writeMade(file: string, text: string, { force, isExecutable = false, option }: Writing): void {
  if (existsSync(file) && !force && !/^(#!.*\n)?# Made by "?vgen /.test(readFileSync(file, 'utf8'))) {
    throw new Failure(
      `${file} exists and vgen did not write it; ${option} names another place, --force overwrites it`, { exit: 3 },
    );
  }
  try {
    makeDirectory(dirname(file));
    writeFileSync(file, text);
    if (isExecutable) chmodSync(file, 0o755);
  } catch (cause) {
    throw isSystemError(cause) ? systemFailure(cause, file) : cause;
  }
}
