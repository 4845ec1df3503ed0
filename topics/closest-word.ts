import { distance } from 'fastest-levenshtein';

/** Returns the word that was probably meant: at most a third of its letters differ. Undefined if none is near. */
export function closestWord(text: string, words: readonly string[]): string | undefined {
  const [nearest] = words
    .map((word) => ({ word, edits: word.startsWith(text) && text !== '' ? 1 : distance(text, word) }))
    .sort((a, b) => a.edits - b.edits);
  if (nearest === undefined) return undefined;
  return nearest.edits <= Math.max(1, nearest.word.length / 3) ? nearest.word : undefined;
}
