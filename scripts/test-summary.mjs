// What "npm test" says at its end: the time of each area, by a reporter that keeps how long each file took with its
// hooks, and what was skipped.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

export default class Times {
  #times = [];

  onTestModuleEnd(module) {
    const { collectDuration, setupDuration, duration } = module.diagnostic();
    this.#times.push({
      file: relative(process.cwd(), module.moduleId), seconds: (collectDuration + setupDuration + duration) / 1000,
    });
  }

  onTestRunEnd() {
    writeFileSync(process.env.VGEN_TEST_TIMES, JSON.stringify(this.#times));
  }
}

const areaOf = file => /^(src|test\/[^/]+(?=\/)|test)/.exec(file)?.[0] ?? file;
const nameOf = file => file.replace(/^.*\//, '').replace(/\.test\.ts$/, '');
const clock = seconds => `${Math.floor(Math.round(seconds) / 60)}:${String(Math.round(seconds) % 60).padStart(2, '0')}`;

/** A line per area (src, test, test/host, …), the longest first: minutes and seconds, and its longest files. */
export function byArea(times) {
  const areas = new Map();
  for (const one of [...times].sort((a, b) => b.seconds - a.seconds)) {
    const area = areaOf(one.file);
    areas.set(area, [...areas.get(area) ?? [], one]);
  }
  return [...areas].map(([area, files]) => ({ area, files, seconds: files.reduce((sum, one) => sum + one.seconds, 0) }))
    .sort((a, b) => b.seconds - a.seconds)
    .map(({ area, files, seconds }) => {
      const longest = files.slice(0, 4).map(one => `${nameOf(one.file)} ${clock(one.seconds)}`).join(', ');
      return `${area.padEnd(14)} ${clock(seconds)
        .padStart(6)}  ${String(files.length).padStart(3)} files: ${longest}${files.length > 4 ? ', …' : ''}`;
    });
}

/** A line for each suite or test that was skipped: its title says what is missing and how to install it. */
export function skippedOf({ testResults }) {
  const lines = new Map();
  for (const { name, assertionResults } of testResults) {
    for (const { status, ancestorTitles, title } of assertionResults) {
      if (status === 'passed' || status === 'failed') continue;
      const reason = ancestorTitles.find(one => one.includes('(')) ?? title;
      const line = `skipped: ${relative(process.cwd(), name)}: ${reason}`;
      lines.set(line, (lines.get(line) ?? 0) + 1);
    }
  }
  return [...lines].map(([line, count]) => `${line}${count > 1 ? `, ${count} tests` : ''}`);
}
