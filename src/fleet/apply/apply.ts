// The tree of one host goes to it and is installed there. Nothing is rendered: what lies in out/ is what is sent.
import { act, type Acted, type Following } from './action.ts';
import { backTo, confirm } from './confirm.ts';
import { observe, type Unseen } from '../observe/observe.ts';
import { isInstalled, statusOf, waitsOf, type HostState } from '../observe/state.ts';
import type { BuiltTree } from '../observe/tree.ts';
import type { HostResult, HostStatus, Verdict } from '../result.ts';
import type { Revision } from './revision.ts';
import type { Connection } from '../connect/ssh.ts';

export interface InstallOptions {
  readonly revision: Revision | null;
  /** Further words for install.sh: --adopt, --force, --rollback. */
  readonly words: readonly string[];
}

const incoming = '/var/lib/vgen/incoming';
const ATTACH = ['bash', `${incoming}/install.sh`, '--attach'];
/** A run that cannot be attached to is waited for, so that its tree is not replaced under it. */
const WAIT = ['flock', '--timeout', '300', '/var/lib/vgen/lock', 'true'];

/** How often the tree is sent again when what ran there meanwhile was another. */
const ROUNDS = 3;

/** Brings one host to its tree. `seen` is how it was just before; it is looked at once more after the install. */
export async function applyHost(
  connection: Connection, tree: BuiltTree, seen: HostState, { revision, words }: InstallOptions, following: Following,
): Promise<HostResult> {
  const host = connection.target.name;
  const began = Date.now();
  let now: HostStatus | null = statusOf(seen);
  const result = (verdict: Verdict, why = ''): HostResult =>
    ({ host, result: verdict, why, was: statusOf(seen), is: now, seconds: (Date.now() - began) / 1000 });
  const lookAgain = async (): Promise<HostState | Unseen> => {
    const after = await observe(connection, 'state', null);
    now = 'unreachable' in after ? null : statusOf(after);
    return after;
  };
  if (isInstalled(seen, tree, words.includes('--force'))) return result('same', waitsOf(seen));

  let state = seen;
  for (let round = 0; round < ROUNDS; round++) {
    if (state.isBusy) {
      following.say('a run of vgen is under way there; waiting for its end');
      const acted = await act(connection, state.canAttach ? ATTACH : WAIT, following, state.canAttach ? ATTACH : WAIT);
      if (acted.lost) return result(acted.lost === 'left' ? 'running' : 'unreachable', acted.why);
    } else if (state.unconfirmed === null || state.tree !== tree.id) {
      following.say('sending the tree');
      const sent = await connection.push(tree.dir, incoming, { signal: following.signal });
      if (following.signal.aborted) return result('untouched', 'stopped before it was installed');
      if (sent.unreachable !== null) return result('unreachable', sent.unreachable);
      if (sent.code !== 0) {
        return result('failed', `rsync: ${sent.stderr.trim().split('\n')[0] ?? `exit ${sent.code}`}`);
      }
      following.say('installing');
      let last = '';
      const acted = await act(connection, installCommand(revision, words), { ...following, say: line => {
        last = line;
        following.say(line);
      } }, ATTACH);
      const refused = notDone(acted);
      if (refused) {
        if (acted.lost) now = null;
        else await lookAgain();
        return result(refused, acted.why);
      }
      if (seen.tree === tree.id && last.endsWith(': nothing to do')) {
        const after = await lookAgain();
        return result('same', waitsOf('unreachable' in after ? seen : after));
      }
    }
    let after = await lookAgain();
    if (!('unreachable' in after) && after.unconfirmed !== null && !after.isBusy) {
      // by this install, or by a run that did not get as far as confirming it
      const reverted = await confirm(connection, after.unconfirmed, following);
      after = await lookAgain();
      if (reverted !== null) return result('failed', reverted);
    }
    if ('unreachable' in after) return result('unreachable', after.unreachable);
    state = after;
    if (after.tree === tree.id && !after.isBusy && after.unconfirmed === null) {
      return result('done', state.isDue ? 'something is still due there; see its status' : waitsOf(state));
    }
  }
  return result('failed', 'other trees are installed there all the time; somebody else is at work');
}

/** What an action that did not do it comes to; null if it did. */
export const notDone = ({ code, lost }: Acted): Verdict | null =>
  (lost === 'left' ? 'running'
    : lost === 'unreachable' ? 'unreachable' : code === 0 ? null : code === 3 ? 'refused' : 'failed');

function installCommand(revision: Revision | null, words: readonly string[]): string[] {
  const version = revision === null ? []
    : ['--order', String(revision.order), '--commit', `${revision.commit}${revision.isDirty ? '-dirty' : ''}`];
  return ['bash', `${incoming}/install.sh`, ...version, ...words];
}

/** Takes a host back to the configuration that it had before `result`. */
export async function takeBack(connection: Connection, result: HostResult, following: Following): Promise<HostResult> {
  if (result.result === 'same') return result;
  const { was } = result;
  if (!was?.tree) return { ...result, why: 'it stays: nothing was installed there before' };
  const began = Date.now();
  const acted = await backTo(connection, was.generation, [], following);
  const looked = await observe(connection, 'state', null);
  const is = 'unreachable' in looked ? null : statusOf(looked);
  const seconds = result.seconds + (Date.now() - began) / 1000;
  return acted.code === 0 ? { ...result, result: 'back', why: 'taken back, since others failed', is, seconds }
    : { ...result, result: 'failed', why: `done, and could not be taken back: ${acted.why}`, is, seconds };
}
