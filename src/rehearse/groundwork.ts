/**
 * Which packages may be on a disk before a host boots, so that its install is quick and still installs all that the
 * tree lists: what these need of libraries and programs, but nothing that brings a service.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { demand } from '../process/run.ts';

interface Stanza { readonly name: string; readonly file: string; readonly needs: readonly (readonly string[])[] }

/** The packages of a flat repository, as its index has them: deb-control(5). */
function stanzasOf(index: string): Stanza[] {
  return index.split('\n\n').filter(Boolean).map(text => {
    const value = (key: string): string => new RegExp(`^${key}: (.*)$`, 'm').exec(text)?.[1] ?? '';
    const needs = `${value('Pre-Depends')}, ${value('Depends')}`.split(', ').filter(Boolean)
      .map(group => group.split(' | ').map(one => one.replace(/[ :(].*$/, '')));
    return { name: value('Package'), file: basename(value('Filename')), needs };
  });
}

/**
 * Of the packages that installing `wanted` takes, by `installed` (their names): those that may be there before.
 * Left out is what is wanted itself, what has units of systemd, and what needs one of these.
 */
export async function groundworkOf(
  debs: string, wanted: readonly string[], installed: readonly string[],
): Promise<string[]> {
  const pool = join(debs, 'srv/debs');
  const all = stanzasOf(readFileSync(join(pool, 'Packages'), 'utf8')).filter(({ name }) => installed.includes(name));
  const out = new Set(wanted);
  for (const { name, file } of all) {
    const contents = await demand('dpkg-deb', ['--contents', join(pool, file)]);
    if (/ \.(\/usr)?\/lib\/systemd\/system\/\S+\.(service|socket|timer)\b/.test(contents)) out.add(name);
  }
  for (let size = -1; size !== out.size;) {
    size = out.size;
    for (const { name, needs } of all) {
      if (needs.some(group => group.some(one => out.has(one)))) out.add(name);
    }
  }
  return all.map(({ name }) => name).filter(name => !out.has(name)).sort();
}
