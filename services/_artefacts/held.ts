import type { Artefact, ArtefactFormat } from './artefact.ts';
import type { ArtefactReader } from './reader.ts';

/**
 * Decodes artefacts that are in memory already, in place of those of the log. Each is decoded once by each format.
 * @param find the artefact of a model, whatever the generation is; the same object each time
 */
export function heldArtefacts(
  find: (model: string) => Artefact | undefined,
): Pick<ArtefactReader, 'decoded'> {
  const byFormat = new WeakMap<object, WeakMap<Artefact, unknown>>();
  return {
    decoded<T>(own: ArtefactFormat<T>) {
      const artefact = find(own.model);
      if (artefact?.format !== own.format) return undefined;
      let decoded = byFormat.get(own);
      if (decoded === undefined) {
        decoded = new WeakMap();
        byFormat.set(own, decoded);
      }
      if (!decoded.has(artefact)) decoded.set(artefact, own.decode(artefact));
      return decoded.get(artefact) as T;
    },
  };
}
