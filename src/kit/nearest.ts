// Suggestions for mistyped names: the known names, nearest first.
import { distance } from 'fastest-levenshtein';

/**
 * The known name that `typed` was most likely meant to be: by a third of its length in edits (at least 2; of three
 * letters 1, of fewer none but case), else by one beginning with the other. Null if none is near.
 */
export function nearest(typed: string, known: Iterable<string>): string | null {
  const names = [...known].sort();
  const word = typed.toLowerCase();
  let best: string | null = null;
  // one more than is near
  let least = word.length < 4 ? Math.max(1, word.length - 1) : Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const name of names) {
    const edits = distance(word, name.toLowerCase());
    if (edits < least) [best, least] = [name, edits];
  }
  const begins = (name: string): boolean =>
    Math.min(name.length, word.length) >= 3
      && (word.startsWith(name.toLowerCase()) || name.toLowerCase().startsWith(word));
  return best ?? names.find(begins) ?? null;
}

/** A hint that lists what would be right: "did you mean …", else the known names in order (at most 12 of them). */
export function knownNames(typed: string, known: Iterable<string>, what = 'known'): string {
  const names = [...known].sort();
  const near = nearest(typed, names);
  const list = names.length ? `${what}: ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}`
    : `${what}: none`;
  return near === null ? list : `did you mean "${near}"? ${list}`;
}
