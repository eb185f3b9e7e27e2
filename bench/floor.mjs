// The floor: the cheapest plain Node program that writes the same bytes: buffers, open/write/close, one mkdir a
// directory. Argument 1: what `pack` in run.mjs made; 2: the directory.
import { closeSync, mkdirSync, openSync, readFileSync, symlinkSync, writeSync } from 'node:fs';

const packed = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const contents = packed.contents.map(text => Buffer.from(text));
const out = process.argv[3];
const made = new Set();
for (const [path, content, mode] of packed.files) {
  const to = `${out}/${path}`;
  const dir = to.slice(0, to.lastIndexOf('/'));
  if (!made.has(dir)) {
    mkdirSync(dir, { recursive: true });
    made.add(dir);
  }
  if (mode === 'link') symlinkSync(packed.contents[content], to);
  else {
    const file = openSync(to, 'w', mode);
    writeSync(file, contents[content]);
    closeSync(file);
  }
}
