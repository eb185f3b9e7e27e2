/** One thing that a rehearsal does to a host, with what came of it, and how a row of such things is gone through. */
import type { LoadResult } from './load/tally.ts';
import type { RehearsalHost } from './host.ts';

export interface Step {
  readonly host: string;
  readonly app: string | null;
  readonly step: string;
  /** `skipped`: it could not be done here, and proves nothing; `what` says why. */
  readonly result: 'ok' | 'failed' | 'skipped';
  readonly seconds: number;
  /** What happened, in a few words. */
  readonly what: string;
  /** What a failed step printed; else ''. */
  readonly output: string;
  /** What the load saw, and how long each switch took in seconds. */
  readonly load: (LoadResult & { readonly switches: readonly number[] }) | null;
}

export type OnStep = (step: Step) => void;
export type Done = Pick<Step, 'what'> & Partial<Pick<Step, 'load'>>;

/** A step that took no time. */
export const noted = (step: Pick<Step, 'host' | 'app' | 'step' | 'result' | 'what'> & Partial<Step>): Step =>
  ({ seconds: 0, output: '', load: null, ...step });

/** The answer is no: a step that ran and did not do what it is for. */
export class No extends Error {
  readonly output: string;
  readonly load: Step['load'];
  constructor(what: string, output: string, load: Step['load'] = null) {
    super(what);
    this.output = output.trim();
    this.load = load;
  }
}

/** It cannot be had here: a step that proves nothing, whatever the real host does. */
export class NotProven extends Error {}

/** Steps that follow one another: the first that fails is the last that is run. */
export function sequence(
  host: string, app: string | null, onStep: OnStep,
): (step: string, action: () => Promise<Done>) => Promise<boolean> {
  let isOver = false;
  return async (step, action) => {
    if (isOver) return false;
    const begun = performance.now();
    const end = (rest: Omit<Step, 'host' | 'app' | 'step' | 'seconds'>) =>
      onStep({ host, app, step, seconds: (performance.now() - begun) / 1000, ...rest });
    try {
      const { what, load = null } = await action();
      end({ result: 'ok', what, output: '', load });
      return true;
    } catch (cause) {
      const [what = '', ...more] = (cause as Error).message.split('\n');
      if (cause instanceof NotProven) {
        end({ result: 'skipped', what, output: '', load: null });
        return true;
      }
      isOver = true;
      if (cause instanceof No) end({ result: 'failed', what, output: cause.output, load: cause.load });
      else end({ result: 'failed', what, output: more.join('\n'), load: null });
      return false;
    }
  };
}

/** @throws No with all that the script printed when its code is not 0. */
export async function demandYes(host: RehearsalHost, script: string, stdin?: string): Promise<string> {
  const { code, stdout, stderr } = await host.run(script, { timeoutSeconds: 900, stdin });
  if (code === 0) return stdout;
  const [reason] = /^error: .*$/m.exec(stderr) ?? /.+(?=\n*$)/.exec(stderr || stdout) ?? [''];
  throw new No(`${reason.replace(/^error: /, '')} (exit code ${code})`, `${stdout}${stderr}`);
}

/** The last line of what a script printed, without the name that it begins with. */
export function resultOf(output: string, name: string): string {
  const last = output.trim().split('\n').at(-1) ?? '';
  return last.startsWith(`${name}: `) ? last.slice(name.length + 2) : last;
}
