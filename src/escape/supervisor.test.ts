import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expressible, have, inTemporaryDirectory, withTexts } from '../../test/programs.ts';
import { encoders } from './index.ts';

// Debian's package is for the system's Python only.
const python = '/usr/bin/python3';
const haveSupervisor = have('supervisord') && spawnSync(python, ['-c', 'import supervisor.options']).status === 0;

// How supervisor itself reads a file, and shlex as its Subprocess does before it runs a command.
const reader = `
import json, shlex, sys
from supervisor.options import ServerOptions
options = ServerOptions()
options.realize(['-c', sys.argv[1]])
programs = [p for g in options.process_group_configs for p in g.process_configs]
json.dump([{'name': p.name, 'command': shlex.split(p.command), 'environment': p.environment,
            'directory': p.directory} for p in programs], sys.stdout)
`;

interface Program {
  name: string;
  command: string[];
  environment: Record<string, string>;
  directory: string | null;
}

const read = (sections: readonly string[]): Promise<Program[]> => inTemporaryDirectory(directory => {
  const file = join(directory, 'supervisord.conf');
  // as vgen does: programs stand in separate files, and an [include] changes how they are read
  writeFileSync(file, ['[supervisord]', `logfile=${directory}/log`, '[include]', 'files=programs.conf', ''].join('\n'));
  writeFileSync(join(directory, 'programs.conf'), [...sections, ''].join('\n'));
  const json = execFileSync(python, ['-c', reader, file], { env: { LANG: 'C' } }).toString();
  const programs = JSON.parse(json) as Program[];
  return programs.sort((a, b) => Number(a.name.slice(1)) - Number(b.name.slice(1)));
});

describe('supervisor', () => {
  const needs = '(needs: apt-get install supervisor)';

  it.skipIf(!haveSupervisor)(`supervisor reads back every environment value ${needs}`, () =>
    withTexts(150, async texts => {
      const values = expressible(encoders.supervisorenv, texts);
      const programs = await read(values.map(({ encoded }, i) =>
        `[program:p${i}]\ncommand=/bin/true\nenvironment=A=${encoded},B=${encoded}`));
      expect(programs.map(program => program.environment))
        .toEqual(values.map(({ text }) => ({ A: text, B: text })));
    }));

  it.skipIf(!haveSupervisor)(`supervisor reads back every word of a command ${needs}`, () =>
    withTexts(150, async texts => {
      const words = expressible(encoders.supervisorword, texts);
      const programs = await read(words.map(({ encoded }, i) =>
        `[program:p${i}]\ncommand=/bin/true ${encoded} x${encoded} ${encoded}`));
      expect(programs.map(program => program.command))
        .toEqual(words.map(({ text }) => ['/bin/true', text, `x${text}`, text]));
    }));

  it.skipIf(!haveSupervisor)(`supervisor reads back every rest of a line ${needs}`, () =>
    withTexts(150, async texts => {
      const values = expressible(encoders.supervisorvalue, texts.flatMap(text => [text, `/srv/${text}`]));
      const programs = await read(values.map(({ encoded }, i) =>
        `[program:p${i}]\ncommand=/bin/true\ndirectory=${encoded}\n`));
      expect(programs.map(program => program.directory)).toEqual(values.map(({ text }) => text));
    }));
});
