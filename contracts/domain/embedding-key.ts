/** The key of an embedding in the topic `embeddings`. */

export interface EmbeddingName {
  readonly generation: string;
  readonly itemId: string;
}

export function embeddingKey({ generation, itemId }: EmbeddingName): string {
  return `${generation}/${itemId}`;
}

/**
 * A generation has no slash in its name, an item may have one.
 * @returns undefined for a text without a slash, which is the key of no embedding
 */
export function parseEmbeddingKey(key: string): EmbeddingName | undefined {
  const slash = key.indexOf('/');
  return slash < 0 ? undefined : { generation: key.slice(0, slash), itemId: key.slice(slash + 1) };
}
