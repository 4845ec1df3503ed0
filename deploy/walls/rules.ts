/** Which part of the project may import which. Rules go by folder, never by the name of a stage. */

/** The kind of a room, on which its permitted imports depend. */
export type Floor =
  | 'contracts'
  | 'topics'
  | 'algorithms'
  | 'platform'
  | 'shared'
  | 'stage'
  | 'docs'
  | 'deploy'
  | 'project';

/** A folder whose files may import each other. */
export interface Room {
  readonly floor: Floor;
  /** Its path, such as `services/rerank`. */
  readonly name: string;
}

const SERVICES_SEE: readonly Floor[] = ['contracts', 'topics', 'platform', 'algorithms', 'shared'];

/** The floors that each floor may import, in addition to files of the same room. */
const MAY_IMPORT: Readonly<Record<Floor, { readonly floors: readonly Floor[]; readonly rule: string }>> = {
  contracts: {
    floors: [],
    rule: 'contracts stands below everything and imports nothing else of the project',
  },
  topics: { floors: ['contracts'], rule: 'topics imports contracts alone' },
  algorithms: { floors: [], rule: 'services/_algorithms is pure and imports nothing else of the project' },
  platform: {
    floors: ['contracts', 'topics'],
    rule: 'services/_platform knows no recommender word and imports contracts and topics alone',
  },
  shared: { floors: SERVICES_SEE, rule: 'a shared room of services imports neither a stage nor deploy' },
  stage: { floors: SERVICES_SEE, rule: 'a stage imports neither another stage nor deploy' },
  docs: { floors: [...SERVICES_SEE, 'stage'], rule: 'services/docs does not import deploy' },
  deploy: { floors: [...SERVICES_SEE, 'stage', 'deploy'], rule: 'deploy does not import services/docs' },
  project: { floors: [], rule: 'files of the root folder import nothing' },
};

const TOP_ROOM = 'deploy/e2e';

/** Returns the room of a file by its path in the project; undefined if its folder belongs to no floor. */
export function roomOf(path: string): Room | undefined {
  const [top = '', second = '', third] = path.split('/');
  if (second === '') return { floor: 'project', name: '.' };
  if (top === 'contracts' || top === 'topics') return { floor: top, name: top };
  if (third === undefined) return undefined;
  const name = `${top}/${second}`;
  if (top === 'deploy') return { floor: 'deploy', name };
  if (top === 'services') return { floor: floorOfService(second), name };
  return undefined;
}

function floorOfService(folder: string): Floor {
  if (folder === '_algorithms') return 'algorithms';
  if (folder === '_platform') return 'platform';
  if (folder === 'docs') return 'docs';
  return folder.startsWith('_') ? 'shared' : 'stage';
}

/** Returns whether a file exists only for tests. */
function isForTests(path: string): boolean {
  return /\.(test|testing|contract)\.ts$/.test(path);
}

/** Returns the rule that an import breaks, or undefined. Both paths are relative to the project. */
export function brokenRule(from: string, to: string): string | undefined {
  const [importer, imported] = [roomOf(from), roomOf(to)];
  if (importer === undefined) return 'the importing file is in no room: see deploy/walls/rules.ts';
  if (imported === undefined) return 'the imported file is in no room: see deploy/walls/rules.ts';
  if (isForTests(to) && !isForTests(from))
    return 'only tests import *.test.ts, *.testing.ts and *.contract.ts';
  if (to.includes('/testing/') && !isForTests(from) && importer.name !== imported.name) {
    if (importer.floor !== 'deploy') return 'only tests and deploy import files of a folder testing';
  }
  if (importer.name === imported.name || imported.floor === 'project') return undefined;
  if (imported.name === TOP_ROOM) return `nothing imports ${TOP_ROOM}`;
  const { floors, rule } = MAY_IMPORT[importer.floor];
  return floors.includes(imported.floor) ? undefined : rule;
}

/** Returns whether a file may import a module with a computed path, which cannot be checked. */
export function mayComputeImports(path: string): boolean {
  return roomOf(path)?.floor === 'deploy';
}
