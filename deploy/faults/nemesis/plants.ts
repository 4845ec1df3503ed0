// The bugs that `npm run faults -- --plant NAME` puts into running stages. Each replaces texts of one module.

/** A bug that is planted in running stages. */
export interface ProcessPlant {
  /** What is wrong then. */
  readonly bug: string;
  /** The stages that get it. */
  readonly stages: readonly string[];
  /** End of the path of the module. */
  readonly file: string;
  /** Texts of the module, and what takes their place. */
  readonly changes: ReadonlyArray<readonly [from: string, to: string]>;
}

export const PROCESS_PLANTS: Readonly<Record<string, ProcessPlant>> = {
  'fence-removed': {
    bug: 'a write to Redis compares neither the offset of the record nor the head of its partition',
    stages: ['interests', 'rerank', 'feedback'],
    file: 'services/_platform/redis/fenced.ts',
    changes: [
      ['if held and tonumber(held) >= tonumber(ARGV[2]) then return 0 end', ''],
      ['if not head[1] or tonumber(head[1]) < tonumber(ARGV[3]) then return -1 end', ''],
      ["if ARGV[4] ~= '' and head[2] ~= ARGV[4] then return -1 end", ''],
    ],
  },
  'repeat-counted': {
    bug: 'an action whose event id is in the window already counts again',
    stages: ['interests'],
    file: 'services/_algorithms/pinnersage/window.ts',
    changes: [["if (actions.some(({ eventId }) => eventId === action.eventId)) return 'duplicate';", '']],
  },
  'reward-repeated': {
    bug: 'a reward whose number the sums include already counts again',
    stages: ['rerank'],
    file: 'services/rerank/learning/rewards.ts',
    changes: [["if (reward.sequence <= learned.sequence) return 'repeat';", '']],
  },
  'answer-before-log': {
    bug: 'a slate is answered before the log has it',
    stages: ['rerank'],
    file: 'services/rerank/slate-calls.ts',
    changes: [['await publish(slate).catch(', 'void publish(slate).catch(']],
  },
};
