// Secrets are references only: the tree carries placeholders, the host puts the values in. Here: what can be seen of
// their misuse in an inventory.
import { component } from '../../contract/component.ts';
import { error, TELLING_NAME, warning, type Diagnostic, type Path } from '../../contract/diagnostic.ts';
import type { Model, Section } from '../../contract/model.ts';

type Secrets = Section<Readonly<Record<Source | 'identity' | 'key', unknown>>>;
type Source = typeof SOURCES[number];

const SOURCES = ['env', 'file', 'exec', 'age', 'sops'] as const;

const TELLING_VALUE = new RegExp([
  /^(AKIA|ASIA)[A-Z0-9]{16}$/, /^gh[pousr]_\w{20}/, /^github_pat_/, /^xox[abprs]-/, /^sk_(live|test)_/, /^glpat-/,
  /^eyJ[\w-]{10,}\./, /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
].map(({ source }) => source).join('|'));
const URL_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^\s/@]*:[^\s/@]+@/i;

function pasted(model: Model): Diagnostic[] {
  const found: Diagnostic[] = [];
  const look = (name: string, value: unknown, at: Path): void => {
    if (typeof value !== 'string') return;
    if (TELLING_VALUE.test(value) || URL_PASSWORD.test(value)
      || (TELLING_NAME.test(name) && value.length >= 6 && !/^(\/|true$|false$)/.test(value))) {
      found.push(error('secrets/value', at, `"${name}" contains what looks like the value of a secret`, {
        sensitive: true,
        hint: 'declare it under "secrets" as env, file, exec, age or sops, and write ${secret.name} here; '
          + 'rotate the value, because it has been in a file',
      }));
    }
  };
  for (const app of model.apps) {
    for (const slot of app.slots) for (const { name, value, at } of slot.env) look(name, value, at);
  }
  for (const [name, value] of Object.entries((model.sections['vars'] ?? {}) as object)) {
    look(name, value, ['vars', name]);
  }
  return found;
}

function sourceOf({ name, at, ...secret }: Secrets[string]): Diagnostic[] {
  const has = (key: Source | 'identity' | 'key'): boolean => secret[key] !== null && secret[key] !== undefined;
  if (SOURCES.filter(has).length !== 1) {
    return [error(
      'secrets/one-source', at, `secret "${name}" must set exactly one of "env", "file", "exec", "age", "sops"`, {
        onKey: true,
        hint: 'env: the name of a variable; file: a path; exec: [pass, show, NAME]; age: a path; sops: a path, with '
          + 'key: a.b',
      },
    )];
  }
  if (has('sops') !== has('key')) {
    return [error(
      'secrets/sops-key', has('key') ? [...at, 'key'] : at, `secret "${name}" must set "sops" and "key" together`, {
        onKey: true, hint: 'sops: the path of a file; key: where the value stands in it, such as redis.password',
      },
    )];
  }
  return has('identity') && !has('age')
    ? [error('secrets/age-identity', [...at, 'identity'], `secret "${name}" sets "identity" without "age"`, {
    onKey: true, hint: '"identity" names the key file that decrypts the file of "age"',
  })] : [];
}

export const secrets = component<Secrets | null>({
  name: 'secrets',
  summary: 'Names of values that only the host gets to know.',
  key: 'secrets',
  schema: () => import('./schema.ts'),
  check: ({ section, model }) => [
    ...pasted(model),
    ...Object.values(section ?? {}).flatMap(sourceOf),
    ...Object.values(section ?? {}).filter(({ name }) => !model.usedSecrets.has(name)).map(({ name, at }) =>
      warning('secrets/unused', at, `unused secret "${name}"`, {
        onKey: true, hint: `use it as \${secret.${name}}, or remove it`,
      })),
  ],
});
