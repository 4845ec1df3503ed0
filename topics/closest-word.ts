import { distance } from 'fastest-levenshtein';

/**
 * Returns the word that was probably meant: at most a third of its letters differ, or its letters are in another order. Undefined if
 * none is near.
 */
export function closestWord(text: string, words: readonly string[]): string | undefined {
  const [nearest] = words
    .map((word) => ({ word, edits: edits(text, word) }))
    .sort((a, b) => a.edits - b.edits);
  if (nearest === undefined) return undefined;
  return nearest.edits <= Math.max(1, nearest.word.length / 3) ? nearest.word : undefined;
}

function edits(text: string, word: string): number {
  if (text === '') return word.length;
  const isReordered = text.length === word.length && sorted(text) === sorted(word);
  return word.startsWith(text) || isReordered ? 1 : distance(text, word);
}

function sorted(text: string): string {
  return [...text].sort().join('');
}
