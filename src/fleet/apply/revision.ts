// Which version of out/ is sent, as git knows it.
import { Failure } from '../../contract/diagnostic.ts';
import { runProcess } from '../../process/run.ts';

export interface Revision {
  /** Seconds since 1970 of the last commit that changed out/: grows with each version. */
  readonly order: number;
  readonly commit: string;
  /** out/ differs from that commit. */
  readonly isDirty: boolean;
}

/** Null where there is no git, no checkout, or out/ was never committed. */
export async function revisionOf(out: string): Promise<Revision | null> {
  const git = async (...args: string[]): Promise<string | null> => {
    try {
      const { code, stdout } = await runProcess('git', ['-C', out, ...args]);
      return code === 0 ? stdout.trim() : null;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw new Failure('git could not be started', { cause });
    }
  };
  const [last, status] =
    await Promise.all([git('log', '-1', '--format=%ct %H', '--', '.'), git('status', '--porcelain', '--', '.')]);
  const [order, commit] = last?.split(' ') ?? [];
  return order && commit && status !== null ? { order: Number(order), commit, isDirty: status !== '' } : null;
}
