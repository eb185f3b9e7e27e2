// Loaded before a measured program (node --import): notes its peak memory in KiB when it ends.
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  if (process.env.VGEN_BENCH_MEMORY) writeFileSync(process.env.VGEN_BENCH_MEMORY, String(process.resourceUsage().maxRSS));
});
