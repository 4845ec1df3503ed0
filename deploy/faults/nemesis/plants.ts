// The bugs that `npm run faults -- --plant NAME` puts into running stages. Each replaces texts of one module.

/** A module, and texts of it with what takes their place. */
interface ChangedModule {
  /** End of its path. */
  readonly file: string;
  readonly changes: ReadonlyArray<readonly [from: string, to: string]>;
}

/** A bug that is planted in running stages. */
export interface ProcessPlant {
  /** What is wrong then. */
  readonly bug: string;
  /** The stages that get it. */
  readonly stages: readonly string[];
  readonly modules: readonly ChangedModule[];
}

export const PROCESS_PLANTS: Readonly<Record<string, ProcessPlant>> = {
  'fence-removed': {
    bug: 'rewards that are redelivered count again: neither their offsets nor their numbers are compared',
    stages: ['rerank'],
    modules: [
      {
        file: 'services/_platform/redis/fenced.ts',
        changes: [['if held and tonumber(held) >= tonumber(ARGV[2]) then return 0 end', '']],
      },
      {
        file: 'services/rerank/learning/learner.ts',
        changes: [
          ['messages.filter(({ offset }) => offset > held.offset)', 'messages'],
          ['if (lastOffset <= held.offset) return;', ''],
        ],
      },
      {
        file: 'services/rerank/learning/rewards.ts',
        changes: [["if (reward.sequence <= learned.sequence) return 'repeat';", '']],
      },
    ],
  },
  'repeat-counted': {
    bug: 'an action whose event id is in the window already counts again',
    stages: ['interests'],
    modules: [
      {
        file: 'services/_algorithms/pinnersage/window.ts',
        changes: [["if (actions.some(({ eventId }) => eventId === action.eventId)) return 'duplicate';", '']],
      },
    ],
  },
};
