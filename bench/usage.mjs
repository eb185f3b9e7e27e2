// Loaded before a measured program (node --import): notes its peak memory in KiB and its
// CPU time in microseconds when it ends.
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  if (process.env.VGEN_BENCH_USAGE) {
    writeFileSync(process.env.VGEN_BENCH_USAGE, JSON.stringify({ maxRSS, cpu: userCPUTime + systemCPUTime }));
  }
});
