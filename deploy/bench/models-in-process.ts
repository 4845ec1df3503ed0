import { TAKER_HALF_LIVES } from '#algorithms/combiner/traits.ts';
import type { Artefact } from '#artefacts/artefact.ts';
import { heldArtefacts } from '#artefacts/held.ts';
import type { Proposal, UserInterests } from '#contracts/generated/records.ts';
import { readProposeConfig } from '../../services/propose/config.ts';
import type { EmbeddedItems } from '../../services/propose/embeddings/embedded-items.ts';
import { createModels } from '../../services/propose/models.ts';
import { createPass } from '../../services/propose/pass.ts';
import { Runner } from '../../services/propose/runner.ts';

/** Default models that propose for each user. */
export const MODELS_FOR_USERS = ['medoid-neighbours', 'behaviour', 'combiner'] as const;

/** What the models rank. */
export interface RankedWorld {
  readonly items: EmbeddedItems;
  readonly artefacts: readonly Artefact[];
}

/**
 * The models of these names in one pass, as the stage runs them, without Kafka.
 * @param at time of the records, ms
 */
export function openModels(
  names: readonly string[],
  { items, artefacts }: RankedWorld,
  publish: (proposal: Proposal) => void,
  at: number,
): (users: readonly UserInterests[]) => Promise<void> {
  const config = readProposeConfig({ TRIBUTARY_PROPOSERS: names.join(',') });
  const { forUsers } = createModels(config, {
    embeddings: { find: () => items },
    // Nobody takes anything meanwhile.
    takers: { countsOf: () => TAKER_HALF_LIVES.map(() => 0) },
    artefacts: heldArtefacts((name) => artefacts.find(({ model }) => model === name)),
  });
  const publishes = async (proposal: Proposal): Promise<void> => publish(proposal);
  const runners = forUsers.map(
    (model) =>
      new Runner({
        model,
        isAlone: forUsers.length === 1,
        timeoutMs: config.timeoutMs,
        waitingUsers: config.waitingUsers,
        publish: publishes,
        report: { count: () => undefined, waiting: () => undefined, warn: fail },
        signal: new AbortController().signal,
        onFailure: fail,
      }),
  );
  const pass = createPass(runners, publishes);
  return (users) =>
    pass({
      reject: fail,
      messages: users.map((value, offset) => ({
        partition: 0,
        offset,
        key: value.userId,
        timestamp: at,
        value,
        trace: undefined,
      })),
    });
}

function fail(...reasons: unknown[]): void {
  throw new Error(reasons.join(' '));
}
