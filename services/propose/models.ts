import type { ProposeConfig } from './config.ts';
import type { Author } from './proposals.ts';
import type { ListForEveryone, ListsForUsers, Resources } from './proposers/proposer.ts';

export interface ModelsByAudience {
  readonly forUsers: ReadonlyArray<Author & ListsForUsers>;
  readonly forEveryone: ReadonlyArray<Author & ListForEveryone>;
}

/** Creates the models that this process runs. @throws Error when a model needs a resource that is not given */
export function createModels(
  { proposers, candidates, settingsOf }: ProposeConfig,
  resources: Partial<Resources>,
): ModelsByAudience {
  const forUsers: Array<Author & ListsForUsers> = [];
  const forEveryone: Array<Author & ListForEveryone> = [];
  for (const proposer of proposers) {
    const { name, explanation } = proposer;
    const author: Author = { name, explanation, candidates };
    const model = proposer.create(resources, { settings: settingsOf(proposer), candidates });
    if ('everyMs' in model)
      forEveryone.push({
        ...author,
        candidates: model.candidates ?? candidates,
        everyMs: model.everyMs,
        propose: (signal) => model.propose(signal),
      });
    else forUsers.push({ ...author, propose: (users, signal) => model.propose(users, signal) });
  }
  return { forUsers, forEveryone };
}
