// What is true of texts: what a comment or a document cites is there.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import glob from 'fast-glob';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const texts = glob.sync(['src/**', 'templates/**', 'scripts/**', 'test/**/*.ts', 'docs/**', '*.md'], {
  cwd: root, ignore: ['test/golden/**'],
});

/** The anchors of a document's headings, as forges make them. */
const anchorsOf = (markdown: string): string[] => [...markdown.matchAll(/^#+ (.+)$/gm)]
  .map(([, heading = '']) => heading.toLowerCase().replace(/[^\w\s-]/g, '').trim().replace(/\s/g, '-'));

describe('what is cited', () => {
  it('is a document that exists, and a heading in it', () => {
    const cited = texts.flatMap(path => [...read(path).matchAll(/\b(docs\/[\w-]+\.md)(?:#([\w-]+))?/g)]
      .map(([what, file = '', heading]) => ({ path, what, file, heading })));
    expect(cited.length).toBeGreaterThan(10);
    const broken = cited.filter(({ file, heading }) => heading !== 'NAME'
      && (!existsSync(join(root, file)) || (heading !== undefined && !anchorsOf(read(file)).includes(heading))));
    expect(broken.map(({ path, what }) => `${path}: ${what}`)).toEqual([]);
  });
});

describe('messages and descriptions', () => {
  it('use the words of the field', () => {
    const said = glob.sync(['test/invalid/**/*.txt', 'schema/*.json', 'README.md', 'docs/*.md'], { cwd: root });
    const banned = /\b(owed|retired|by hand|nobody believes|is over|way in)\b/i;
    const found = said.flatMap(path => read(path).split('\n').filter(line => banned.test(line))
      .map(line => `${path}: ${line.trim()}`));
    expect(found).toEqual([]);
  });
});
