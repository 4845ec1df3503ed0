import type { Artefact, ArtefactFormat } from './artefact.ts';
import type { ArtefactReader } from './reader.ts';

/**
 * Artefacts that somebody holds, without a log, as a stage reads them. Each is decoded at the first call, and kept as long as it is found.
 * @param find the artefact of a name, the same object each time; it is used for every generation
 */
export function heldArtefacts(
  find: (model: string) => Artefact | undefined,
): Pick<ArtefactReader, 'decoded'> {
  const decoded = new WeakMap<Artefact, unknown>();
  return {
    decoded<T>({ model, format, decode }: ArtefactFormat<T>) {
      const artefact = find(model);
      if (artefact?.format !== format) return undefined;
      if (!decoded.has(artefact)) decoded.set(artefact, decode(artefact));
      return decoded.get(artefact) as T;
    },
  };
}
