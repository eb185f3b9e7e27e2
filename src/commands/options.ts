// The options that several commands share. Each has one name, one meaning and one help text wherever it occurs.
import { batchSize, milliseconds } from '../fleet/rollout.ts';
import { flag, list, matching, oneOf, value, wholeNumber } from './declaration.ts';

const rolling = { heading: 'Rollout:' };
const connecting = { heading: 'Connections:' };

export const inventory = list('<file>', 'inventory file; may be repeated', { letter: 'i', default: 'inventory.yaml' });
export const out = value('<dir>', 'directory of the trees', { letter: 'o', default: 'out' });
export const on = list('<hosts>', 'only these hosts: NAME, tag:NAME, region:NAME; by comma or repeated (default: all)');
export const json = flag('print the result as JSON');
export const markdown = flag('print the result as Markdown, for a job summary or a comment');
export const lines = value('<number>', 'how many lines', { letter: 'n', default: '20', read: wholeNumber(1, 100_000) });
export const message = value('<text>', 'reason, shown to whoever finds the hosts locked');

/** Of all commands that read an inventory. */
export const reading = { inventory, json };

/** Of all commands that connect to hosts. */
export const connected = {
  on, ...reading,
  sshConfig: value('<file>', 'ssh configuration instead of yours (environment: VGEN_SSH_CONFIG)', connecting),
  parallel: value(
    '<number>', 'hosts at a time (default: by cores and open files)', { ...connecting, read: wholeNumber(1) },
  ),
};

/** Of all commands that compare hosts with their trees. */
export const comparing = { out, ...connected };

/** Of all commands that change one host after another. */
/** What to do about local edits on a host; one of them at most. */
export const localEdits = {
  adopt: flag('keep files with local edits on a host, install the rest', { heading: 'Safety:' }),
  force: flag('overwrite files with local edits on a host, adopted ones too; a copy is kept there', {
    heading: 'Safety:',
  }),
};

export const rollingOut = {
  dryRun: flag('show what would be done on which hosts; change nothing'),
  canary: list('<hosts>', 'hosts that go first; if one fails, no other host is changed', rolling),
  batch: value('<number>', 'hosts per step: a number, or a share such as 25%', {
    ...rolling,
    read: written => {
      batchSize(written, 1);
      return written;
    },
  }),
  pause: value('<time>', 'pause between two steps, such as 30s', { ...rolling, read: milliseconds }),
  maxFailures: value(
    '<number>', 'hosts that may fail; an unreachable host has failed', { ...rolling, read: wholeNumber(0) },
  ),
  onFailure: value('<policy>', 'when more hosts fail: halt, rollback (finished hosts too) or continue', {
    ...rolling, read: oneOf(['halt', 'rollback', 'continue'] as const),
  }),
  retryFailed: flag('only the hosts that the previous run did not finish', rolling),
  wait: value('<time>', 'wait this long for the fleet lock of another user', { ...rolling, read: milliseconds }),
  message: { ...message, ...rolling },
  markdown,
  ...connected,
};

/** Reads a share of files, such as `80%`. */
export const share = matching(/^(100|[1-9]?[0-9])%?$/, 'a share such as 80%');
