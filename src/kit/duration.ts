// Durations as the inventory writes them, for the scripts on the hosts.

/** A duration such as 30s, 2m or 500ms in whole seconds, at least 1. */
export function seconds(duration: string): number {
  const [, number = '0', unit = 's'] = /^(\d+)(ms|s|m|h)$/.exec(duration) ?? [];
  return Math.max(1, Math.round(Number(number) * { ms: 0.001, s: 1, m: 60, h: 3600 }[unit as 'ms' | 's' | 'm' | 'h']));
}
