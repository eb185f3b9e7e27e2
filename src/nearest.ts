// Suggestions for mistyped names: the known names, nearest first.
import { distance } from 'fastest-levenshtein';

/** The known name that `typed` was most likely meant to be, or null if none is near (a third of its length, at least 2 edits). */
export function nearest(typed: string, known: Iterable<string>): string | null {
  let best: string | null = null;
  let least = Math.max(2, Math.floor(typed.length / 3)) + 1;
  for (const name of [...known].sort()) {
    const edits = distance(typed.toLowerCase(), name.toLowerCase());
    if (edits < least) [best, least] = [name, edits];
  }
  return best;
}

/** A hint that lists what would be right: "did you mean …", else the known names in order (at most 12 of them). */
export function knownNames(typed: string, known: Iterable<string>, what = 'known'): string {
  const near = nearest(typed, known);
  const names = [...known].sort();
  const list = names.length ? `${what}: ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}` : `${what}: none`;
  return near === null ? list : `did you mean "${near}"? ${list}`;
}
