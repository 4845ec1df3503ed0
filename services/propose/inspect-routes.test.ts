import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import Fastify from 'fastify';
import type { UserInterests } from '#contracts/generated/records.ts';
import { addNeighbourRoute } from './inspect-routes.ts';
import type { ModelsByAudience } from './models.ts';

describe('what people see of propose', () => {
  it('the neighbours of an item are what each model proposes to somebody who took it alone', async () => {
    let asked: readonly UserInterests[] = [];
    const author = { explanation: '', candidates: 10 };
    const forUsers: ModelsByAudience['forUsers'] = [
      {
        ...author,
        name: 'near',
        async propose(users) {
          asked = users;
          const items = ['milk', 'oats', 'tea'].map((itemId, place) => ({ itemId, score: 1 - place / 10 }));
          return new Map([[users[0]!.userId, { items }]]);
        },
      },
      { ...author, name: 'broken', propose: () => Promise.reject(new Error('the artefact is malformed')) },
      { ...author, name: 'silent', propose: async () => new Map() },
    ];
    const http = Fastify();
    addNeighbourRoute(
      http,
      () => forUsers,
      () => 7,
    );
    const { models } = (await http.inject('/inspect/items/milk/neighbours?generation=g1&n=1')).json<{
      models: object[];
    }>();
    assert.deepEqual(models, [
      { model: 'near', items: [{ itemId: 'oats', score: 0.9 }] },
      { model: 'broken', items: [], failure: 'the artefact is malformed' },
      { model: 'silent', items: [] },
    ]);
    const [taker] = asked;
    assert.deepEqual([taker!.generation, taker!.medoids[0]!.itemId, taker!.recent], ['g1', 'milk', ['milk']]);
    await http.close();
  });
});
