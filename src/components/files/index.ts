// User-supplied files: written in the inventory, copied from beside it, or rendered from a template.
import { component, entriesOn, type FileSpec, type Offers } from '../../contract/component.ts';
import { error, type Diagnostic } from '../../contract/diagnostic.ts';
import { expandPlain } from '../../kit/expand.ts';
import { CONFIRM, file as fileOf, reload, restart } from '../../kit/files.ts';
import type { Host, Model } from '../../contract/model.ts';
import { knownNames } from '../../kit/nearest.ts';
import { BASE_UNITS, checkerOf, leadsIn } from './known.ts';
import type { Files } from './schema.ts';

type File = Files[string];

function check(section: Files, model: Model, offers: Offers): Diagnostic[] {
  return Object.values(section).flatMap(file => {
    const found: Diagnostic[] = [];
    if (!/^\/(etc|opt)\//.test(file.name) || /\/(\.{0,2})(\/|$)/.test(file.name)) {
      found.push(error('files/outside', file.at, `"${file.name}" is not a normalized path under /etc or /opt`, {
        onKey: true, hint: 'vgen manages files only there',
      }));
    } else if (!/^[A-Za-z0-9_./@+:,=-]+$/.test(file.name)) {
      found.push(error('files/path', file.at, `path "${file.name}" has unsupported characters`, {
        onKey: true, hint: 'allowed: letters, digits and _ . / @ + : , = -',
      }));
    }
    if ([file.content, file.source, file.template].filter(from => from !== null).length !== 1) {
      found.push(error(
        'files/content', file.at, `file "${file.name}" must set exactly one of "content", "source", "template"`, {
          onKey: true, hint: 'content: the text; source: a file beside the inventory; template: a name in "templates"',
        },
      ));
    }
    if (/[2367]$/.test(file.mode)) {
      found.push(error('files/writable', [...file.at, 'mode'], `mode "${file.mode}" makes the file world-writable`, {
        hint: 'such as "0644"',
      }));
    }
    for (const key of ['reload', 'restart'] as const) {
      for (const [i, unit] of file[key].entries()) {
        found.push(...unknownUnit(unit, [...file.at, key, i], file, model, offers));
      }
    }
    return found;
  });
}

/** A unit that neither Debian, vgen nor another file brings to a host. */
function unknownUnit(
  unit: string, at: readonly (string | number)[], file: File, model: Model, offers: Offers,
): Diagnostic[] {
  const written = Object.keys((model.sections['files'] ?? {}) as object)
    .flatMap(path => /^\/etc\/systemd\/system\/([^/]+)$/.exec(path)?.[1] ?? []);
  for (const host of file.hosts) {
    const known = [...offers.on(host, 'unit').map(({ name }) => name), ...written];
    if (!known.includes(unit) && !BASE_UNITS.includes(unit)) {
      return [error('files/unknown-unit', at, `unknown service "${unit}" on host "${host.name}"`, {
        hint: knownNames(unit, [...known, ...BASE_UNITS], 'known there'),
      })];
    }
  }
  return [];
}

const contentOf = (file: File, host: Host, model: Model): Extract<FileSpec, { kind: 'file' }>['from'] => {
  if (file.content !== null) return { text: expandPlain(file.content, { host }) };
  if (file.source !== null) return { user: file.source };
  return { template: file.template ?? '', view: {
    at: file.at, host: { ...host, at: host.at }, vars: { ...(model.sections['vars'] ?? {}) as object, at: ['vars'] },
  } };
};

export const files = component<Files | null>({
  name: 'files',
  summary: 'Further user-supplied files.',
  key: 'files',
  schema: () => import('./schema.ts'),
  custom: true,
  check: ({ section, model, offers }) => (section ? check(section, model, offers) : []),
  plan: ({ host, section, model }) => ({
    files: entriesOn(section, host).map(file => fileOf(file.name, file.at, contentOf(file, host, model), {
      mode: file.mode, owner: file.owner, check: checkerOf(file.name),
      onChange: [...file.reload.map(reload), ...file.restart.map(restart), ...leadsIn(file.name) ? [CONFIRM] : []],
    })),
  }),
});
