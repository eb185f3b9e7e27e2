// The engine refuses what nunjucks would let pass, and leads each mistake back to template, line and inventory.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import glob from 'fast-glob';
import { describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { createEngine, RenderError, type Engine } from '../src/render/engine.ts';
import { goldenCases } from './golden.ts';

const view = {
  at: ['apps', 'x'], name: 'peer', nil: null, list: ['a', 'b'], holes: [null], number: 7, no: false,
  sealed: { sealed: ['p:', { secret: 'token' }] },
};

async function render(text: string, more: Record<string, string> = {}): Promise<string> {
  return (await createEngine(new Map([['main.njk', text], ...Object.entries(more)]))).render('main.njk', view);
}

async function refused(text: string, more: Record<string, string> = {}): Promise<RenderError> {
  try { await render(text, more); } catch (cause) { if (cause instanceof RenderError) return cause; throw cause; }
  throw new Error('it was rendered');
}

describe('refuses', () => {
  it.each([
    ['a print without an encoder', 'a\n{{ v.name }}', /printed without an encoder/],
    ['a number without an encoder', 'a\n{{ v.number }}', /printed without an encoder/],
    ['text joined after the encoder', 'a\n{{ (v.name | sh) ~ "x" }}', /printed without an encoder/],
    [
      'an unknown name in a print', 'a\n{{ v.nme | sh }}',
      /unknown name "nme"; known: at, holes, list, name, nil, no, number, sealed$/,
    ],
    ['an unknown name in if', 'a\n{% if v.nme %}x{% endif %}', /unknown name "nme"/],
    ['an unknown name in ~', 'a\n{{ ("a" ~ v.nme) | sh }}', /unknown name "nme"/],
    ['an unknown name in for', 'a\n{% for x in v.nme %}x{% endfor %}', /unknown name "nme"/],
    ['an unknown name of its own', 'a\n{{ nme | sh }}', /unknown name "nme"; a template is given "v"/],
    ['an unknown name of its own in if', 'a\n{% if nme %}x{% endif %}', /unknown name "nme"/],
    ['a name that every object has', 'a\n{{ v.constructor | sh }}', /unknown name "constructor"/],
    ['a name of a text', 'a\n{{ v.name.length | int }}', /"length" is asked of a string/],
    ['null', 'a\n{{ v.nil | sh }}', /nothing is printed/],
    ['null of a loop', 'a\n{% for one in v.holes %}{{ one | sh }}{% endfor %}', /nothing is printed/],
    ['a name of null', 'a\n{{ v.nil.x | sh }}', /"x" is asked of nothing/],
    ['a boolean', 'a\n{{ v.no | sh }}', /a boolean is printed/],
    ['a list', 'a\n{{ v.list | sh }}', /a object is printed/],
    ['an unknown encoder', 'a\n{{ v.name | shh }}', /filter not found: shh/],
  ])('%s', async (_, text, message) => {
    const error = await refused(text);
    expect(error.message).toMatch(message);
    expect(error.template).toBe('main.njk');
    expect(error.inexpressible).toBe(null);
  });

  it('names the template, and the line where it is no template at all', async () => {
    expect(await refused('one\ntwo\n{{ v.nme | sh }}\n'))
      .toMatchObject({ template: 'main.njk', message: expect.stringMatching(/^unknown name "nme"/) as string });
    expect((await refused('{% include "part.njk" %}', { 'part.njk': 'one\n{{ v.nme | sh }}' })).message)
      .toMatch(/^\(part\.njk\): unknown name "nme"/);
    expect(await refused('one\n{% if %}\n'))
      .toMatchObject({ template: 'main.njk', message: expect.stringMatching(/^\[Line 2, Column \d+\]/) as string });
    expect((await refused('{% include "prt.njk" %}')).message).toMatch(/template not found: prt\.njk/);
  });

  it('a value that a grammar cannot carry, with its place in the inventory', async () => {
    const error = await refused('{{ v.number | int }} {{ v.name | int }}');
    expect([error.inexpressible?.reason, error.at]).toEqual(['a decimal integer is expected', ['apps', 'x', 'name']]);
  });

  it('a secret where the host has no encoder', async () => {
    for (const encoder of ['comment', 'int', 'name', 'path', 'supervisorword', 'systemdword']) {
      const error = await refused(`{{ v.sealed | ${encoder} }}`);
      expect([error.message, error.at]).toEqual(['a secret cannot stand here', ['apps', 'x', 'sealed']]);
    }
  });
});

describe('renders', () => {
  it.each([
    ['encoded values', '{{ v.name | sh }} {{ v.number | int }}', 'peer 7'],
    ['a sealed value as what the host fills', '{{ v.sealed | sh }}', '@vgen(sh:p:<token>)'],
    ['conditions on null, false and empty text', '{% if v.nil or v.no %}x{% else %}y{% endif %}', 'y'],
    [
      'loops, with their own names',
      '{% for one in v.list %}{{ loop.index | int }}{{ one | sh }}{% if not loop.last %},{% endif %}{% endfor %}',
      '1a,2b',
    ],
    ['tags on lines of their own without a trace', 'a\n  {% if v.name %}\nb\n  {% endif %}\nc\n', 'a\nb\nc\n'],
    ['no HTML', '{{ "a<b>&" | comment }}', 'a<b>&'],
    ['macros', '{% macro twice(x) %}{{ x | sh }}{{ x | sh }}{% endmacro %}{{ twice(v.name) }}', 'peerpeer'],
    ['set', '{% set x = v.name %}{{ x | sh }}', 'peer'],
  ])('%s', async (_, text, wanted) => expect(await render(text)).toBe(wanted));

  it('includes, imports and inheritance', async () => {
    const more = {
      'part.njk': '[{{ v.name | sh }}]', 'macros.njk': '{% macro say(x) %}<{{ x | sh }}>{% endmacro %}',
      'base.njk': 'a {% block b %}{% endblock %} c',
    };
    expect(await render('{% include "part.njk" %}', more)).toBe('[peer]');
    expect(await render('{% import "macros.njk" as m %}{{ m.say(v.name) }}', more)).toBe('<peer>');
    expect(await render('{% from "macros.njk" import say %}{{ say(v.name) }}', more)).toBe('<peer>');
    expect(await render('{% extends "base.njk" %}{% block b %}{{ v.name | sh }}{% endblock %}', more)).toBe('a peer c');
  });

  it('the user\'s own template in the place of a built-in one, and the other built-in ones', async () => {
    const engine = await createEngine(new Map([['ngrok/etc/ngrok.yml.njk', 'mine {{ v.x | sh }}']]));
    expect(engine.render('ngrok/etc/ngrok.yml.njk', { x: 'y' })).toBe('mine y');
    expect(engine.render('nginx/opt/{app}/{slot}/nginx.conf.njk', { app: 'a', name: 'blue', port: 1 }))
      .toContain('127.0.0.1:1');
  });
});

describe('templates as plain functions', () => {
  const root = join(import.meta.dirname, '../templates');
  const sources =
    new Map(glob.sync('**/*.njk', { cwd: root, dot: true })
      .map(name => [name, readFileSync(join(root, name), 'utf8')]));

  /** A copy of a view in which something is left out or is something else. */
  function mutated(view: object, picks: readonly number[], value: unknown): object {
    const copy = structuredClone(view);
    let node = copy as Record<string, unknown>;
    for (const [i, pick] of picks.entries()) {
      const keys = Object.keys(node);
      const key = keys[pick % Math.max(1, keys.length)];
      // the place in the inventory, not a value
      if (key === undefined || key === 'at') break;
      const child = node[key];
      if (i < picks.length - 1 && typeof child === 'object' && child !== null) {
        node = child as Record<string, unknown>;
        continue;
      }
      if (value === undefined) delete node[key];
      else node[key] = value;
      break;
    }
    return copy;
  }

  it('give what nunjucks gives, of all golden views and of broken ones', async () => {
    const [plain, nunjucks] = [await createEngine(), await createEngine(sources, true)];
    const outcome = (engine: Engine, template: string, of: object): unknown => {
      try { return engine.render(template, of); } catch (cause) {
        if (!(cause instanceof RenderError)) throw cause;
        return [cause.message, cause.at, cause.inexpressible?.reason];
      }
    };
    const views: [string, object][] = [];
    for (const { inventory } of goldenCases) {
      for (const { plan } of (await compile([inventory])).trees()) {
        for (const file of plan.files) {
          if (file.kind === 'file' && 'template' in file.from && sources.has(file.from.template)) {
            views.push([file.from.template, file.from.view]);
          }
        }
      }
    }
    for (const [template, of] of views) expect(plain.render(template, of)).toBe(nunjucks.render(template, of));
    const values = fc.constantFrom<unknown>(
      undefined, null, false, true, 0, 7, '', 'a b', 'Ü\n', [], ['x'], [null], [{}], {},
      { sealed: ['p:', { secret: 'token' }] },
    );
    fc.assert(fc.property(
      fc.constantFrom(...views), fc.array(fc.nat(1000), { minLength: 1, maxLength: 5 }), values,
      ([template, view], picks, value) => {
        const broken = mutated(view, picks, value);
        expect(outcome(plain, template, broken)).toEqual(outcome(nunjucks, template, broken));
      },
    ), { numRuns: 2000 });
  });
});
