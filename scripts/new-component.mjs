// npm run new -- NAME [--datastore] [--runtime] [--fleet]: a component's folder, its templates, its line in the list.
// --datastore: apps may name its entries in "uses"; --runtime: apps may name it as their "runtime", with a half on the
// host; --fleet: it makes a file of the whole fleet.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const [name = '', ...flags] = process.argv.slice(2);
const known = ['--datastore', '--runtime', '--fleet'];
const [datastore, runtime, fleet] = known.map(flag => flags.includes(flag));
if (!/^[a-z][a-z0-9-]{1,30}$/.test(name) || flags.some(flag => !known.includes(flag))) {
  console.error('usage: npm run new -- NAME [--datastore] [--runtime] [--fleet]');
  console.error('NAME: lower-case letters, digits and dashes');
  process.exit(2);
}
const folder = `src/components/${name}`;
if (existsSync(folder) || existsSync(`templates/${name}`)) {
  console.error(`there is a component "${name}" already`);
  process.exit(3);
}
const variable = name.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase());
const type = variable[0].toUpperCase() + variable.slice(1);

const write = (path, text) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};
/** The lines of which the condition holds. */
const lines = (...all) => all.flatMap(([condition, ...text]) => (condition ? text : [])).join('\n') + '\n';

const kinds = datastore ? 'entries, filled, object, port, selector' : 'filled, object, selector';
const hosts = `selector({ description: 'Hosts that run ${name}.' })`;
write(`${folder}/schema.ts`, lines(
  [true, "import { Type, type Static } from 'typebox';", `import { ${kinds} } from '../../schema/kinds.ts';`, '',
    datastore ? 'const store = object({' : 'export const schema = object({',
    `  hosts: ${datastore ? hosts : `filled(${hosts}, 'all')`},`],
  [datastore, "  port: filled(port('Port on which it listens.'), 7000),"],
  [true, "  level: filled(Type.Integer({ minimum: 0, maximum: 9, description: 'An example of a setting.' }), 3),",
    `}, { description: 'What ${name} is for, in one sentence.' });`],
  [datastore, '', `export const schema = entries(store, { description: 'Each ${name} by its name.' });`],
  [true, `export type ${type} = Static<typeof schema>;`],
));

const files = [
  [
    !datastore,
    `section?.hosts.has(host)\n      ? [template('/etc/${name}.conf', ['${variable}'], { level: section.level })] : []`,
  ],
  [datastore, `entriesOn(section, host).map(store => template(
        \`/etc/${name}-\${store.name}.conf\`, store.at, { level: store.level }, { as: '/etc/${name}.conf' },
      ))`],
  [runtime, 'apps.filter(runs).flatMap(app => app.slots.flatMap(slot => unitsOf(slot, host, offers)))'],
].filter(([condition]) => condition).map(([, text]) => text);
const types = `${datastore ? ', entriesOn' : ''}${runtime ? ', type FileSpec, type Offers' : ''}`;
const on = ['host', ...runtime ? ['apps'] : [], 'section'].join(', ');

write(`${folder}/index.ts`, lines(
  [true, `// What ${name} does, in a sentence or two.`,
    `import { component${types} } from '../../contract/component.ts';`],
  [runtime, "import type { App, Host, Slot } from '../../contract/model.ts';"],
  [datastore, "import { clientsOf, portsOf, reachedFrom, variablesOf } from '../../kit/datastore.ts';",
    "import { notExposed, onOneHost } from '../../kit/datastore-checks.ts';"],
  [runtime, "import { expandPlain } from '../../kit/expand.ts';"],
  [true, "import { filesOf } from '../../kit/files.ts';"],
  [runtime, "import { programPath, slotLog, slotUnit } from '../../kit/slot-unit.ts';"],
  [true, `import type { ${type} } from './schema.ts';`, '',
    `const { ${fleet ? 'ofFleet, ' : ''}template } = filesOf('${name}');`, ''],
  [runtime, `const runs = (app: App): boolean => app.runtime === '${name}';`, '',
    `/** A slot as a unit; templates/${name}/runtime.sh is the half on the host. */`,
    'function unitsOf(slot: Slot, host: Host, offers: Offers): FileSpec[] {',
    "  const [program = '', ...words] = slot.app.command.map(word => expandPlain(word, { host, slot }));",
    '  return slotUnit(slot, host, offers, {',
    '    program: { at: slot.app.at, text: programPath(program, slot) },',
    '    words: words.map(text => ({ at: slot.app.at, text })),',
    `    stop: 30, settings: ['${variable}'], relax: [], home: null,`,
    '  });', '}', ''],
  [true, `export const ${variable} = component<${type} | null>({`, `  name: '${name}',`,
    `  summary: 'What ${name} is for, in one sentence.',`,
    `  key: '${variable}',`, "  schema: () => import('./schema.ts'),"],
  [runtime, '  runtime: true,'],
  [datastore, '  datastore: true,', '  check: ({ section, model }) => Object.values(section ?? {}).flatMap(store => [',
    `    ...onOneHost('${name}/one-host', store, 'data', 'select one host'),`,
    `    ...clientsOf(store, model).length ? notExposed('${name}/exposed', store, 'the apps\\' hosts') : [],`, '  ]),'],
  [datastore || runtime, `  offer: ({ ${datastore ? 'host, apps, section, model' : 'apps'} }) => [`],
  [datastore, '    ...Object.values(section ?? {}).flatMap(one => variablesOf(',
    `      one, '${name}', apps, () => \`tcp://\${reachedFrom(one, host)}:\${one.port}\`, false,`, '    )),',
    '    ...entriesOn(section, host).flatMap(store => {', '      const clients = clientsOf(store, model);',
    `      return portsOf(store, host, clients.length ? clients : null, \`${name} "\${store.name}"\`);`, '    }),'],
  [runtime, '    ...apps.filter(runs).map(slotLog),'],
  [datastore || runtime, '  ],'],
  [true, `  plan: ({ ${on} }${runtime ? ', offers' : ''}) => ({`],
  [files.length === 1, `    files: ${files[0]},`],
  [files.length > 1, '    files: [', ...files.map(text => `      ...${text},`), '    ],'],
  [true, '  }),'],
  [fleet, '  planFleet: ({ section, model }) => ({',
    `    files: section ? [ofFleet('/${name}/hosts.txt', ['${variable}'], {`,
    '      hosts: model.hosts.map(({ name, at }) => ({ name, at })),', '    })] : [],', '  }),'],
  [true, '});'],
));
write(`${folder}/${name}.test.ts`, lines([
  true, "import { expect, it } from 'vitest';", `import { ${variable} } from './index.ts';`, '',
  "it('is called by its folder', () => {", `  expect(${variable}.name).toBe('${name}');`, '});',
]));
write(`templates/${name}/etc/${name}.conf.njk`,
  `# Made by vgen from ${variable}; do not edit.\nlevel {{ v.level | int }}\n`);
if (fleet) {
  write(`templates/${name}/_fleet/${name}/hosts.txt.njk`,
    `# Made by vgen from ${variable}; do not edit.\n{% for host in v.hosts %}\n{{ host.name | name }}\n{% endfor %}\n`);
}
if (runtime) {
  write(`templates/${name}/runtime.sh`, `#!/usr/bin/env bash
# ${name} as a runtime of slots: how one is looked at, started and stopped. Here each slot is a unit of systemd.

runtimes+=(${name})

${['look', 'stop', 'start', 'log', 'instance'].map(what => `${name}_${what}() { systemd_${what} "$1"; }`).join('\n\n')}
`);
}

const list = 'src/components/index.ts';
const text = readFileSync(list, 'utf8');
const imports = [...text.matchAll(/^import \{ \w+ \} from '\.\/.+$/gm)].map(([line]) => line);
const names = [...text.matchAll(/^ {2}(\w+),$/gm)].map(([, one]) => one);
// in the order of folders, as the components are
const byFolder = (a, b) => (a.split("'")[1] < b.split("'")[1] ? -1 : 1);
const wanted = [...imports, `import { ${variable} } from './${name}/index.ts';`].sort(byFolder);
const listed = all => all.map(one => `  ${one},`).join('\n');
writeFileSync(list, text.replace(imports.join('\n'), wanted.join('\n'))
  .replace(listed(names), listed(wanted.map(line => /\{ (\w+) \}/.exec(line)[1]))));
console.log(`made ${folder}, templates/${name} and a line in ${list}; next: edit them, "npm run schema", "npm test"`);
