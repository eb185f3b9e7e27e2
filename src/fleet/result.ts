// What came out on one host, whatever was done there.

/**
 * done: changed as wanted · same: there was nothing to do · failed: the host said no, or it could not be done there ·
 * refused: the host refused for safety · unreachable · untouched: not tried · running: goes on there without us ·
 * back: was done and was taken back.
 */
export type Verdict = 'done' | 'same' | 'failed' | 'refused' | 'unreachable' | 'untouched' | 'running' | 'back';

/** What a host has: its generation, and by app the releases that are live and next. */
export interface HostStatus {
  readonly generation: number | null;
  readonly tree: string | null;
  readonly live: Readonly<Record<string, string>>;
  readonly next: Readonly<Record<string, string>>;
}

export interface HostResult {
  readonly host: string;
  readonly result: Verdict;
  /** One sentence; empty if there is nothing to say. */
  readonly why: string;
  readonly was: HostStatus | null;
  readonly is: HostStatus | null;
  readonly seconds: number;
}

export const isGood = ({ result }: HostResult): boolean => result === 'done' || result === 'same';

/**
 * The exit code of all of it: 0 good · 3 refused for safety wherever it failed · 2 wherever it failed it could not be
 * done (unreachable) · 1 else, as when a host said no or hosts were left untouched.
 */
export function exitOf(results: readonly HostResult[]): 0 | 1 | 2 | 3 {
  const bad = results.filter(one => !isGood(one) && one.result !== 'untouched' && one.result !== 'back');
  if (results.every(isGood)) return 0;
  if (bad.length && bad.every(({ result }) => result === 'refused')) return 3;
  return bad.length && bad.every(({ result }) => result === 'unreachable') ? 2 : 1;
}
