import { describe, expect, it } from 'vitest';
import { demand, run, runForBytes, runProcess } from './run.ts';

describe('a program', () => {
  it('is handed on line by line, the last one without its end too', async () => {
    const lines: string[] = [];
    const { code, stdout } = await runProcess('printf', ['a\\nb\\nc'], { onOut: line => lines.push(line) });
    expect([code, lines, stdout]).toEqual([0, ['a', 'b', 'c'], 'a\nb\nc']);
  });

  it('keeps letters whole that arrive in halves', async () => {
    expect((await runProcess('sh', ['-c', 'printf "\\303"; sleep 0.1; printf "\\244"'])).stdout).toBe('ä');
  });

  it('that takes too long is ended, also where a grandchild holds its pipes', async () => {
    const ended = await runProcess('sh', ['-c', 'sleep 5 & sleep 60'], { timeout: 100 });
    expect(ended).toMatchObject({ code: null, timedOut: true });
    await expect(run('sleep', ['60'], { timeoutSeconds: 0.1 })).rejects.toThrow('sleep was still running after 0.1 s');
  });

  it('is ended from outside', async () => {
    expect(await runProcess('sleep', ['60'], { signal: AbortSignal.timeout(100) }))
      .toMatchObject({ code: null, timedOut: false });
  });

  it('without an end of lines or of words is ended, or cut', async () => {
    const lines: string[] = [];
    const long = await runProcess('sh', ['-c', 'head -c 30000000 /dev/zero | tr "\\0" x; printf "\\nb\\n"'],
      { onOut: line => lines.push(line) });
    expect(long).toMatchObject({ code: 0, saidTooMuch: false });
    expect(lines.map(line => line.length)).toEqual([65536 + ' (the rest of this line is left out)'.length, 1]);
    expect(await runProcess('sh', ['-c', 'exec cat /dev/zero'])).toMatchObject({ code: null, saidTooMuch: true });
  });

  it('that fails is an answer, and an error where it has to succeed', async () => {
    expect(await run('sh', ['-c', 'echo no >&2; exit 3'])).toEqual({ code: 3, stdout: '', stderr: 'no\n' });
    expect((await run('sh', ['-c', 'kill -TERM $$'])).code).toBe(143);
    await expect(demand('sh', ['-c', 'echo no >&2; exit 3'])).rejects.toThrow('ended with code 3\nno');
  });

  it('gives its bytes, but not more than are wanted', async () => {
    const options = { cwd: '/', timeout: 5000, limit: 4 };
    expect((await runForBytes('printf', ['\\377abc'], options)).stdout).toEqual(Buffer.from([255, 97, 98, 99]));
    expect((await runForBytes('printf', ['12345'], options)).stdout).toBeNull();
  });
});
