import { certainLaw, countRows } from '#algorithms/bandit/choice.ts';
import { text } from '#platform/config.ts';
import { type PolicyDefinition, policyOf } from './policy.ts';

const SETTINGS = {
  column: text('TRIBUTARY_RERANK_FIXED_COLUMN', {
    fallback: 'popularity',
    summary: 'the feature by which fixed orders candidates, such as popularity or trending.rank',
  }),
};

/** Shows the candidates with the largest value of one feature, whatever was learned: the order of one model, to compare with. */
export const fixed: PolicyDefinition<typeof SETTINGS> = {
  name: 'fixed',
  settings: SETTINGS,
  create: (_posterior, { column }) =>
    policyOf(({ features, size, allows }) => {
      const rows = countRows(features);
      const { columns, values } = features;
      const place = columns.indexOf(column);
      // Without the feature all are equal, and their order is that of the lists.
      const scores = Float64Array.from({ length: rows }, (_, row) =>
        place === -1 ? 0 : values[row * columns.length + place]!,
      );
      return certainLaw(scores, size, allows);
    }),
};
