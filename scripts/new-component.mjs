// npm run new -- <name>: a component's folder, its template and its line in the list.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const name = process.argv[2] ?? '';
if (!/^[a-z][a-z0-9-]{1,30}$/.test(name)) {
  console.error('usage: npm run new -- <name>   (lower-case letters, digits and dashes)');
  process.exit(2);
}
const folder = `src/components/${name}`;
if (existsSync(folder) || existsSync(`templates/${name}`)) {
  console.error(`there is a component "${name}" already`);
  process.exit(3);
}
const variable = name.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase());
const type = variable[0].toUpperCase() + variable.slice(1);

mkdirSync(folder, { recursive: true });
mkdirSync(`templates/${name}/etc`, { recursive: true });
writeFileSync(`${folder}/schema.ts`, `import { Type, type Static } from 'typebox';
import { filled, object, selector } from '../../schema/kinds.ts';

export const schema = object({
  hosts: filled(selector({ description: 'Hosts that run ${name}.' }), 'all'),
  level: filled(Type.Integer({ minimum: 0, maximum: 9, description: 'An example of a setting.' }), 3),
}, { description: 'What ${name} is for, in one sentence.' });
export type ${type} = Static<typeof schema>;
`);
writeFileSync(`${folder}/index.ts`, `// What ${name} does, in a sentence or two.
import { component } from '../../contract/component.ts';
import { filesOf } from '../../kit/files.ts';
import type { ${type} } from './schema.ts';

const { template } = filesOf('${name}');

export const ${variable} = component<${type} | null>({
  name: '${name}',
  summary: 'What ${name} is for, in one sentence.',
  key: '${variable}',
  schema: () => import('./schema.ts'),
  plan: ({ host, section }) => ({
    files: section?.hosts.has(host) ? [template('/etc/${name}.conf', ['${variable}'], { level: section.level })] : [],
  }),
});
`);
writeFileSync(`${folder}/${name}.test.ts`, `import { expect, it } from 'vitest';
import { ${variable} } from './index.ts';

it('is called by its folder', () => {
  expect(${variable}.name).toBe('${name}');
});
`);
writeFileSync(
  `templates/${name}/etc/${name}.conf.njk`,
  `# Made by vgen from ${variable}; do not edit.\nlevel {{ v.level | int }}\n`,
);

const list = 'src/components/index.ts';
const text = readFileSync(list, 'utf8');
const imports = [...text.matchAll(/^import \{ \w+ \} from '\.\/.+$/gm)].map(([line]) => line);
const names = [...text.matchAll(/^ {2}(\w+),$/gm)].map(([, one]) => one);
const sortedImports = [...imports, `import { ${variable} } from './${name}/index.ts';`]
  .sort((a, b) => (a.split("'")[1] < b.split("'")[1] ? -1 : 1));
writeFileSync(list, text
  .replace(imports.join('\n'), sortedImports.join('\n'))
  .replace(names.map(one => `  ${one},`).join('\n'), [...names, variable].sort().map(one => `  ${one},`).join('\n')));
console.log(`made ${folder}, templates/${name} and a line in ${list}; next: edit them, "npm run schema", "npm test"`);
