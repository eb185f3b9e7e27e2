import { execFileSync, spawnSync } from 'node:child_process';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { expressible, withTexts } from '../../test/programs.ts';
import { encoders } from './index.ts';

const python = '/usr/bin/python3';
const havePyYaml = spawnSync(python, ['-c', 'import yaml']).status === 0;

// The same texts as items and in mappings, so that a scalar that ends early breaks the document. A key is a short one.
const documentOf = (texts: readonly string[]): string => texts.map(encoders.yaml)
  .map(text => `- ${text}\n- ${text.length < 1000 ? text : '"long"'}: ${text}\n`).join('');
const meaningOf = (texts: readonly string[]): unknown[] =>
  texts.flatMap(text => [text, Object.fromEntries([[encoders.yaml(text).length < 1000 ? text : 'long', text]])]);

describe('yaml', () => {
  it.skipIf(!havePyYaml)('PyYAML (YAML 1.1) reads back every string (needs: apt-get install python3-yaml)', () =>
    withTexts(300, async texts => {
      const program = 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin.buffer.read()), sys.stdout)';
      const json = execFileSync(python, ['-c', program], { input: documentOf(texts) }).toString();
      expect(JSON.parse(json)).toEqual(meaningOf(texts));
    }));

  it('js-yaml and yaml, in YAML 1.1 and 1.2, read back every string', () => withTexts(300, async texts => {
    const text = documentOf(texts);
    expect(expressible(encoders.yaml, texts)).toHaveLength(texts.length);
    expect(load(text)).toEqual(meaningOf(texts));
    expect(parse(text)).toEqual(meaningOf(texts));
    expect(parse(text, { version: '1.1' })).toEqual(meaningOf(texts));
  }));

  it('JSON reads back every string', () => withTexts(300, async texts => {
    expect(texts.map(text => JSON.parse(encoders.yaml(text)) as unknown)).toEqual(texts);
  }));
});
