// The floor: a plain loop that writes the same bytes. Argument 1: what `pack` in run.mjs made; 2: the directory.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const { contents, files } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const out = process.argv[3];
const made = new Set();
for (const [path, content, mode] of files) {
  const to = join(out, path);
  const dir = dirname(to);
  if (!made.has(dir)) {
    mkdirSync(dir, { recursive: true });
    made.add(dir);
  }
  if (mode === 'link') symlinkSync(contents[content], to);
  else writeFileSync(to, contents[content], { mode });
}
