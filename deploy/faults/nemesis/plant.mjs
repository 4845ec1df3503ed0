// Plants a bug in the stage that imports this file before all others: `--import file:///…/plant.mjs?name=fence-removed`. It changes the
// text of a module as Node loads it, so that the product has no switch for it.

import { registerHooks } from 'node:module';
import { PROCESS_PLANTS } from './plants.ts';

const name = new URL(import.meta.url).searchParams.get('name') ?? '';
const plant = PROCESS_PLANTS[name];
if (plant === undefined) throw new Error(`there is no plant "${name}"`);

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const changed = plant.modules.find(({ file }) => url.endsWith(`/${file}`));
    if (changed === undefined) return loaded;
    let source = String(loaded.source);
    for (const [from, to] of changed.changes) {
      // A plant that changes nothing would let every checker pass.
      if (!source.includes(from)) throw new Error(`the plant ${name} finds no "${from}" in ${changed.file}`);
      source = source.replaceAll(from, to);
    }
    return { ...loaded, source };
  },
});
