// What is deployed, looked at before any host is asked: what the host would refuse of it for certain
// (templates/host/opt/vgen/lib/release/releases.sh) is refused here, in the same words.
import { accessSync, closeSync, constants, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../contract/diagnostic.ts';
import { isSystemError, systemFailure } from '../../process/system-error.ts';

const ARCHIVE = /\.(tar|tar\.gz|tgz|tar\.zst)$/;

/**
 * @param app the app that it is for; `binary` is the program that the release has to have, null if it needs none
 * @throws Failure (exit 2) when there is no such file or directory, or it cannot be a release of the app
 */
export function checkArtifact(artifact: string, app: { readonly name: string; readonly binary: string | null }): void {
  try {
    const stat = statSync(artifact);
    if (stat.isDirectory()) checkDirectory(artifact, app.binary);
    else if (!stat.isFile()) throw new Failure(`${artifact} is neither a file nor a directory`);
    else if (!ARCHIVE.test(artifact)) {
      if (app.binary === null) {
        throw new Failure(`${artifact} is neither a directory nor a .tar, .tar.gz or .tar.zst, and ${app.name} has no `
          + '"binary"');
      }
      checkProgram(artifact, artifact);
    }
  } catch (cause) {
    throw isSystemError(cause) ? systemFailure(cause, artifact) : cause;
  }
}

function checkDirectory(artifact: string, binary: string | null): void {
  if (readdirSync(artifact).length === 0) throw new Failure(`${artifact} is empty`);
  if (binary === null) return;
  const program = join(artifact, binary);
  try {
    accessSync(program, constants.X_OK);
  } catch {
    throw new Failure(`${artifact} has no executable ${binary}`);
  }
  checkProgram(program, binary);
}

/** ELF or a script; for which machine it is only the host can say. */
function checkProgram(path: string, shown: string): void {
  const head = Buffer.alloc(4);
  const file = openSync(path, 'r');
  try {
    readSync(file, head, 0, 4, 0);
  } finally {
    closeSync(file);
  }
  if (head.toString('latin1') !== '\x7fELF' && head.toString('latin1', 0, 2) !== '#!') {
    throw new Failure(`${shown} is neither a program for Linux nor a script`);
  }
}
