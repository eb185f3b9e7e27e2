// Ends scripts at chosen steps, and the hosts of the crash matrix that are handed from point to point.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { bin, Machine } from './machine.ts';
import { askFacts, askFiles, askNames, facts, letters, placeOf, treeOf } from './pair.ts';
import type { Letter } from './pair.ts';

const killer = readFileSync(fileURLToPath(new URL('killer.sh', import.meta.url)));

/** before the command, before the one after it, or standing still before it until the power goes. */
export type When = 'before' | 'after' | 'stop';

export interface Step {
  /** Number among the steps of its run, from 1. */
  readonly at: number;
  /** Function, command and the function's arguments. */
  readonly name: string;
}

/** A host of the matrix: which tree it has, and the files that this tree gave it when nothing went wrong. */
export class Victim {
  static readonly #files = new Map<Letter, string>();
  static readonly #names = new Set<string>();
  readonly machine: Machine;
  /** The tree that is on it; null when nobody knows. */
  has: Letter | null = null;
  #order = 0;
  #flags = '';

  private constructor(machine: Machine) {
    this.machine = machine;
  }

  /** A host with demo and tick on it (see Machine.bootWithApps) and tree a. */
  static async boot(...versions: string[]): Promise<Victim> {
    const victim = new Victim(await Machine.bootWithApps(...versions));
    await victim.#prepare();
    await victim.installed('a');
    return victim;
  }

  /** A host on which nothing was installed yet. */
  static async bare(): Promise<Victim> {
    const victim = new Victim(await Machine.boot());
    await victim.machine.putSecrets();
    await victim.#prepare();
    return victim;
  }

  async #prepare(): Promise<void> {
    await this.machine.host.run('cat > /root/killer.sh', { stdin: killer });
    for (const letter of letters) {
      await this.machine.host.push(treeOf(this.machine, letter).dir, placeOf(letter));
    }
    // A run that is not detached is in the group that is killed.
    const knows = await this.machine.ask(`grep -ls -e '--foreground' ${placeOf('a')}/opt/vgen/*/*.sh || true`);
    this.#flags = knows === '' ? '' : '--foreground';
  }

  /** The command for an install; each one but a repeated one is newer than those before. */
  install(letter: Letter, again = false): string {
    if (!again) this.#order++;
    return `bash ${placeOf(letter)}/install.sh --order ${this.#order} ${this.#flags}`;
  }

  script(name: string, words = 'demo'): string {
    return `bash ${bin}/vgen ${name} ${words} ${this.#flags}`;
  }

  async installed(letter: Letter): Promise<void> {
    const { code, text } = await this.machine.run(this.install(letter));
    expect(code, text).toBe(0);
    this.has = letter;
  }

  /** Several scripts by one connection; what each prints. */
  async parts(...scripts: string[]): Promise<string[]> {
    const { stdout } = await this.machine.run(scripts.map(script => `{ ${script}\n}`).join('\necho @@@@\n'));
    return `${stdout}\n`.split('@@@@\n').map(part => part.trim());
  }

  /** The command line under which a script meets the killer; it prints the exit code and then what was said. */
  meets(script: string, at: number, when: When): string {
    // a clean environment would not have the killer in it
    const settings = `VGEN_ENVIRONMENT=clean KILL_AT=${at} KILL_WHEN=${when} BASH_ENV=/root/killer.sh`;
    return `${settings} setsid --wait ${script} >/root/killed.out 2>&1; echo $?
      ls /run/killer/ended 2>&1; tail -n 1 /run/killer/steps; cat /root/killed.out`;
  }

  /** All steps of a script that is let through; it must succeed. */
  async steps(script: string): Promise<Step[]> {
    const [said = '', steps = ''] = await this.parts(this.meets(script, 0, 'before'), 'cat /run/killer/steps');
    expect(said).toMatch(/^0\n/);
    return steps.split('\n').map((name, index) => ({ at: index + 1, name }));
  }

  /** Runs a script that dies at a step. What `ask` prints before that and right after it is returned. */
  async killed(script: string, at: number, when: When, ask: string): Promise<[string, string]> {
    const [before = '', said = '', after = ''] = await this.parts(ask, this.meets(script, at, when), ask);
    expect(said).toMatch(/^1[2-9][0-9]\n\/run\/killer\/ended\n/);
    return [before, after];
  }

  /** Remembers the files of a tree as they are now, after checking that it is what the tree itself says. */
  async learn(letter: Letter): Promise<void> {
    await this.runs(letter);
    const place = placeOf(letter);
    await this.machine.ask(`cd ${place}; while IFS= read -r line; do
      path=/\${line:66} sum=\${line:0:64}
      [[ $path != /install.sh && $path != /manifest.tsv ]] || continue
      if grep -qE '@vgen\\([a-z]+:' ".$path"; then
        ! grep -qE '@vgen\\([a-z]+:' "$path" || { echo "$path has a placeholder"; exit 1; }
      else
        [[ $(sha256sum < "$path") == "$sum "* ]] || { echo "$path differs"; exit 1; }
      fi
    done < SHA256SUMS`);
    Victim.#files.set(letter, await this.machine.ask(askFiles));
    for (const name of (await this.machine.ask(askNames)).split('\n')) Victim.#names.add(name);
  }

  /** What runs is what the tree says. */
  async runs(letter: Letter): Promise<void> {
    const [seen = ''] = await this.parts(askFacts);
    expect(trimmed(seen)).toBe(facts(letter));
  }

  /**
   * Runs an install again that was killed: it succeeds, and the host is exactly as after one in which nothing went
   * wrong. With `twice` there is nothing to do after that.
   */
  async converges(letter: Letter, twice: boolean): Promise<void> {
    const install = `${this.install(letter, true)} 2>&1; echo "code $?"`;
    const [said = '', seen = '', files, names = '', again] =
      await this.parts(install, askFacts, askFiles, askNames, twice ? install : 'true');
    expect(said).toMatch(/code 0$/);
    this.has = letter;
    expect(trimmed(seen), said).toBe(facts(letter));
    expect(files, said).toBe(Victim.#files.get(letter));
    expect(names.split('\n').filter(name => !Victim.#names.has(name))).toEqual([]);
    if (twice) expect(again).toMatch(/one: nothing to do\n[^]*code 0$/);
  }
}

const trimmed = (text: string) => text.split('\n').map(line => line.trim()).join('\n');
