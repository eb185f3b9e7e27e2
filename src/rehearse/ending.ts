/** What has to be tidied up when this process ends, however it ends short of a SIGKILL. */

const actions = new Set<() => void>();
let hooked = false;

/** Runs `action`, which must not need a promise, when the process ends or is told to; returns how to call that off. */
export function atEnd(action: () => void): () => void {
  actions.add(action);
  hookOnce();
  return () => void actions.delete(action);
}

function hookOnce(): void {
  if (hooked) return;
  hooked = true;
  const runAll = () => {
    // The last one first, as it may stand on the others.
    for (const action of [...actions].reverse()) {
      actions.delete(action);
      action();
    }
  };
  process.once('exit', runAll);
  for (const name of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      runAll();
      // The handler is gone now: the signal ends the process as it would have without vgen.
      if (process.listenerCount(name) === 0) process.kill(process.pid, name);
    });
  }
}
