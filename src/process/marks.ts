// Facts about processes, from /proc.
import { readFileSync, readdirSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same pid: proc(5), stat field 22, in clock ticks. */
export interface ProcessMark {
  pid: number;
  start: string;
}

/** The mark of a living process; null when there is none, or only a zombie not yet waited for. */
export function markOf(pid: number): ProcessMark | null {
  const stat = readStat(pid);
  return stat === null || stat.state === 'Z' ? null : { pid, start: stat.start };
}

export function isAlive(mark: ProcessMark): boolean {
  return markOf(mark.pid)?.start === mark.start;
}

/** A part of a file's name that says whose the file is. */
export const ownMark = (): string => `${process.pid}-${markOf(process.pid)?.start ?? ''}`;

/** Whether a name ends in the mark of a process that is gone. */
export function isLeftover(name: string): boolean {
  const [, pid, start = ''] = /-(\d+)-(\d+)$/.exec(name) ?? [];
  return pid !== undefined && !isAlive({ pid: Number(pid), start });
}

/** Sends a signal to exactly that process; nothing happens when it is gone. */
export function signal(mark: ProcessMark, name: NodeJS.Signals | number): void {
  if (!isAlive(mark)) return;
  try {
    process.kill(mark.pid, name);
  } catch {
    // It ended between the look and the signal.
  }
}

/** The children of a process. Read from all of /proc: task/…/children depends on how the kernel was built. */
export function childrenOf(pid: number): ProcessMark[] {
  return readdirSync('/proc').filter(name => /^\d+$/.test(name)).flatMap(name => {
    const stat = readStat(Number(name));
    return stat?.parent === pid && stat.state !== 'Z' ? [{ pid: Number(name), start: stat.start }] : [];
  });
}

function readStat(pid: number): { state: string; parent: number; start: string } | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The second field is the program's name in brackets and may hold spaces and brackets itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', parent: Number(fields[1]), start: fields[19] ?? '' };
}
