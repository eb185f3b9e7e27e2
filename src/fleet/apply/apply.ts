// The tree of one host goes to it and is installed there. Nothing is rendered: what lies in out/ is what is sent.
import { shWord } from '../../escape/sh.ts';
import { act, type Acted, type Following } from './action.ts';
import { backTo, confirm } from './confirm.ts';
import { look, standingOf, type LocalTree, type Looked } from '../observe/look.ts';
import type { HostResult, Standing, Verdict } from '../result.ts';
import type { Revision } from './revision.ts';
import type { Connection } from '../connect/ssh.ts';

export interface ApplyOptions {
  readonly revision: Revision | null;
  /** Further words for install.sh: --adopt, --force, --rollback. */
  readonly words: readonly string[];
}

const incoming = '/var/lib/vgen/incoming';
const ATTACH = `bash ${incoming}/install.sh --attach`;
/** A run that cannot be attached to is waited for, so that its tree is not replaced under it. */
const WAIT = 'flock --timeout 300 /run/lock/vgen.lock true';

/** How often the tree is sent again when what ran there meanwhile was another. */
const ROUNDS = 3;

export const isInstalled = (looked: Looked, tree: LocalTree): boolean =>
  looked.tree === tree.id && looked.isAsLeft && !looked.isDue && !looked.isUnconfirmed && !looked.isBusy;

/** Brings one host to its tree. `looked` is what it was in just before. */
export async function applyHost(
  connection: Connection, tree: LocalTree, looked: Looked, { revision, words }: ApplyOptions, following: Following,
): Promise<HostResult> {
  const host = connection.target.name;
  const began = Date.now();
  let now: Standing | null = standingOf(looked);
  const result = (verdict: Verdict, why = ''): HostResult =>
    ({ host, result: verdict, why, was: standingOf(looked), is: now, seconds: (Date.now() - began) / 1000 });
  if (isInstalled(looked, tree)) return result('same');

  let state: Looked = looked;
  for (let round = 0; round < ROUNDS; round++) {
    if (state.isBusy) {
      following.say('a run of vgen is under way there; waiting for its end');
      const acted = await act(connection, state.canAttach ? ATTACH : WAIT, following, state.canAttach ? ATTACH : WAIT);
      if (acted.lost) return result(acted.lost === 'left' ? 'running' : 'unreachable', acted.why);
    } else if (state.isUnconfirmed && state.tree === tree.id) {
      // installed by a run that did not get as far as confirming it
      const reverted = await confirm(connection, following);
      if (reverted !== null) return result('failed', reverted);
    } else {
      following.say('sending the tree');
      const sent = await connection.push(tree.dir, incoming, { signal: following.signal });
      if (following.signal.aborted) return result('untouched', 'stopped before it was installed');
      if (sent.unreachable !== null) return result('unreachable', sent.unreachable);
      if (sent.code !== 0) return result('failed', `rsync: ${sent.stderr.trim().split('\n')[0] ?? `exit ${sent.code}`}`);
      following.say('installing');
      let last = '';
      const acted = await act(connection, installCommand(revision, words), { ...following, say: line => {
        last = line;
        following.say(line);
      } }, ATTACH);
      const refused = notDone(acted);
      if (refused) {
        now = acted.lost ? null : await standing(connection, tree);
        return result(refused, acted.why);
      }
      if (looked.tree === tree.id && last.endsWith(': nothing to do')) return result('same');
      const reverted = await confirm(connection, following);
      if (reverted !== null) {
        now = await standing(connection, tree);
        return result('failed', reverted);
      }
    }
    const after = await look(connection, tree);
    if ('unreachable' in after) return result('unreachable', after.unreachable);
    now = standingOf(after);
    state = after;
    if (after.tree === tree.id && !after.isBusy && !after.isUnconfirmed) return result('done', state.isDue ? 'something is still due there; see its status' : '');
  }
  return result('failed', 'other trees are installed there all the time; somebody else is at work');
}

const standing = async (connection: Connection, tree: LocalTree): Promise<Standing | null> => {
  const looked = await look(connection, tree);
  return 'unreachable' in looked ? null : standingOf(looked);
};

/** What an action that did not do it comes to; null if it did. */
export const notDone = ({ code, lost }: Acted): Verdict | null =>
  (lost === 'left' ? 'running' : lost === 'unreachable' ? 'unreachable' : code === 0 ? null : code === 3 ? 'refused' : 'failed');

function installCommand(revision: Revision | null, words: readonly string[]): string {
  const version = revision === null ? []
    : ['--order', String(revision.order), '--commit', `${revision.commit}${revision.isDirty ? '-dirty' : ''}`];
  return ['bash', `${incoming}/install.sh`, ...version, ...words].map(shWord).join(' ');
}

/** Takes a host back to the configuration that it had before `result`. */
export async function takeBack(connection: Connection, result: HostResult, following: Following): Promise<HostResult> {
  if (result.result === 'same') return result;
  const { was } = result;
  if (!was?.tree) return { ...result, why: 'it stays: nothing was installed there before' };
  const began = Date.now();
  const acted = await backTo(connection, was.generation, following);
  const looked = await look(connection, null);
  const is = 'unreachable' in looked ? null : standingOf(looked);
  const seconds = result.seconds + (Date.now() - began) / 1000;
  return acted.code === 0 ? { ...result, result: 'back', why: 'taken back, since others failed', is, seconds }
    : { ...result, result: 'failed', why: `done, and could not be taken back: ${acted.why}`, is, seconds };
}
