import type { Artefact } from '#artefacts/artefact.ts';
import type { ArtefactFormat } from '#artefacts/decoded.ts';
import type { Resources } from './proposer.ts';

/**
 * Returns a lookup of the model of a generation, which is decoded at its first request and kept as long as its artefact. A
 * generation that was trained without the model, or with another version of it, which the reader logs once, has none.
 * The lookup throws where the artefact is malformed: the stage counts that as a failure of the model.
 */
export function createArtefactLookup<T, M>(
  artefacts: Resources['artefacts'],
  { model, format, decode }: ArtefactFormat<T>,
  build: (decoded: T) => M,
): (generation: string) => M | undefined {
  const built = new WeakMap<Artefact, { readonly value: M }>();
  return (generation) => {
    const artefact = artefacts.read(model, generation, format);
    if (artefact === undefined || artefact.format !== format) return undefined;
    const known = built.get(artefact) ?? { value: build(decode(artefact)) };
    built.set(artefact, known);
    return known.value;
  };
}
