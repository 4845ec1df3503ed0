import { after, before, test } from 'node:test';
import { STAGE_NAMES } from '#stages/stages.ts';
import { openPath, type Path } from '../path/path.ts';
import { goThroughEveryStage, WHOLE_PATH_SETTINGS } from './whole-path.ts';

let path: Path;

before(async () => {
  path = await openPath(STAGE_NAMES, WHOLE_PATH_SETTINGS);
});
after(() => path?.close());

test('an event log goes through every stage and comes back as recommendations', (t) =>
  goThroughEveryStage(t, path));
