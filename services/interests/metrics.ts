import { Counter, Gauge, type Registry } from 'prom-client';

export interface InterestsMetrics {
  readonly actions: Counter<'outcome'>;
  readonly users: Counter<'outcome'>;
  /** Reports the memory of the users at hand, asked for at each scrape. */
  watchHotUsers(bytes: () => number): void;
}

export function createInterestsMetrics(registry: Registry): InterestsMetrics {
  const registers = [registry];
  return {
    actions: new Counter({
      name: 'tributary_window_actions_total',
      help: 'Actions by what became of them: added, duplicate, late, repeated',
      labelNames: ['outcome'],
      registers,
    }),
    users: new Counter({
      name: 'tributary_hot_users_total',
      help: 'Users worked on: hot (at hand) or read (from Redis)',
      labelNames: ['outcome'],
      registers,
    }),
    watchHotUsers(bytes) {
      new Gauge({
        name: 'tributary_hot_users_bytes',
        help: 'Estimated memory of the users at hand',
        registers,
        collect() {
          this.set(bytes());
        },
      });
    },
  };
}
