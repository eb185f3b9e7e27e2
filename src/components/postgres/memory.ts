// How much of a host's memory PostgreSQL takes, in whole megabytes.

export interface Tuning {
  /** Taken up at a start alone. */
  readonly start: readonly { readonly name: string; readonly mb: number }[];
  /** Taken up by a reload. */
  readonly running: readonly { readonly name: string; readonly mb: number }[];
}

/** A size of the inventory ("4g", "512m") in megabytes. */
const megabytes = (size: string): number =>
  Math.floor(Number.parseInt(size, 10) * ({ k: 2 ** -10, m: 1, g: 2 ** 10 }[size.slice(-1)] ?? 2 ** -20));

/**
 * Settings for a host with this memory; none (so PostgreSQL's defaults, which suit a small host) if it is not known.
 *
 * - shared_buffers: a quarter of the memory, "a reasonable starting value" (PostgreSQL manual, 20.4.1).
 * - effective_cache_size: three quarters; an estimate for the planner of what the kernel caches too (manual, 20.7.2;
 *   PostgreSQL wiki, "Tuning Your PostgreSQL Server": half is conservative, three quarters more aggressive).
 * - maintenance_work_mem: a sixteenth, 2 GB at most: beyond 1 GB vacuum gained
 * nothing before version 17 (manual, 20.4.1).
 * - work_mem: a quarter over all connections, since each may sort at the same time (manual,
 * 20.4.1); at least the default of 4 MB.
 */
export function tuning(memory: string | null, connections: number): Tuning {
  if (memory === null) return { start: [], running: [] };
  const all = megabytes(memory);
  return {
    start: [{ name: 'shared_buffers', mb: Math.max(16, Math.floor(all / 4)) }],
    running: [
      { name: 'effective_cache_size', mb: Math.max(16, Math.floor(all * 3 / 4)) },
      { name: 'maintenance_work_mem', mb: Math.min(2048, Math.max(16, Math.floor(all / 16))) },
      { name: 'work_mem', mb: Math.max(4, Math.floor(all / 4 / connections)) },
    ],
  };
}
