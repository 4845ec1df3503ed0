import { columnOfPolicy, missingColumn } from '#contracts/domain/fixed-order.ts';
import { qualifiedTopic } from '#topics/catalog.ts';
import { readTopic } from '#topics/reader.ts';
import { decodeOrSkip, type ExperimentLog } from './experiment-log.ts';

/** The features that slates had lately. */
export interface LateColumns {
  readonly names: ReadonlySet<string>;
  /** Slates that were read. */
  readonly slates: number;
}

/** Slates of each partition that show which features there are. */
const LATE_SLATES = 50;

/** Reads the features of the last slates of each partition. Slates without an item say nothing. */
export async function readLateColumns({ kafka, codec, namespace }: ExperimentLog): Promise<LateColumns> {
  const names = new Set<string>();
  let slates = 0;
  await readTopic({
    kafka,
    topic: qualifiedTopic(namespace, 'slates'),
    from: { at: 'last', count: LATE_SLATES },
    async onMessage({ value }) {
      const slate = await decodeOrSkip(value, (bytes) => codec.decode('Slate', bytes));
      if (!slate || slate.slots.length === 0) return;
      slates += 1;
      for (const name of slate.featureNames) names.add(name);
    },
  });
  return { names, slates };
}

/**
 * Returns why a fixed order is no policy for an experiment: no slate had its feature lately, so that expected rewards would order all
 * slates of the arm under its name. Undefined for every other policy, and while there are no slates to tell.
 * @param policy as slates name it, with its settings
 */
export function reasonAgainstOrder(policy: string, { names, slates }: LateColumns): string | undefined {
  const column = columnOfPolicy(policy);
  if (column === undefined || slates === 0) return undefined;
  const known = [...names];
  if (missingColumn(policy, known) === undefined) return undefined;
  const word = column.slice(column.indexOf('.') + 1);
  const alike = known.filter((name) => name !== column && name.endsWith(`.${word}`)).sort();
  const others =
    alike.length > 0 ? alike : known.filter((name) => /\.(rank|[a-z-]*score)$/.test(name)).sort();
  const features = others.length === 0 ? '' : `; they have ${others.join(', ')}`;
  return `none of the last ${slates} slates has the feature ${column}${features}. Name one of theirs, or start the model first`;
}

/** Whether any of the policies may be a fixed order: then the features of late slates have to be known. */
export function mayBeFixedOrders(policies: readonly string[]): boolean {
  return policies.some((policy) => policy.startsWith('fixed'));
}
