// What keeps a host from an apply, as it was seen: for a dry run, which has to refuse what the apply would. Pure.
import type { Revision } from '../apply/revision.ts';
import type { Seen } from '../observe/survey.ts';

/** What the flags of an apply allow. */
export interface Allowed {
  readonly adopt?: boolean | undefined;
  readonly force?: boolean | undefined;
  readonly older?: boolean | undefined;
}

/** Why the host itself would refuse its tree, one sentence; null if it would not. */
export function refusalOf(
  { tree, state, plan }: Seen, revision: Revision | null, { adopt, force, older }: Allowed,
): string | null {
  const edits = plan.changes.filter(({ byHand, what }) => byHand && what !== 'keep').map(({ name }) => name);
  if (plan.obstacles.length) return plan.obstacles.join('; ');
  if (state.unconfirmed !== null && state.tree !== tree.id) return 'what was installed last is not confirmed yet';
  if (revision !== null && state.order !== null && revision.order < state.order && !older) {
    return `its tree is older (order ${revision.order}) than one that the host has seen (order ${state.order}); to `
      + `go back to it: --older`;
  }
  return edits.length && !adopt && !force ? `local edits: ${edits.join(', ')}; take them over into the inventory, or `
    + `leave them with --adopt, or overwrite them with --force` : null;
}
