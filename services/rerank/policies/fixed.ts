import { certainLaw, countRows, meanOfTable, scoreRows } from '#algorithms/bandit/choice.ts';
import { placeOfColumn } from '#contracts/domain/fixed-order.ts';
import type { Setting } from '#platform/config.ts';
import { CANDIDATE_FEATURES, isModelName, WORDS_OF_MODELS } from '../features.ts';
import { type PolicyDefinition, policyOf } from './policy.ts';

/** A column that some slate may have; whether a model proposes is known only when a slate is chosen. */
function column(variable: string, options: { fallback: string; summary: string }): Setting<string> {
  const own = CANDIDATE_FEATURES.map(({ name }) => name);
  return {
    ...{ variable, ...options, fallbackText: options.fallback },
    accepts: `a feature: ${own.join(', ')}, or that of a model, such as trending.rank, with one of ${WORDS_OF_MODELS.join(', ')}`,
    parse(text) {
      const name = text.trim();
      const [model = '', word = '', ...rest] = name.split('.');
      const isOfModel = rest.length === 0 && isModelName(model) && WORDS_OF_MODELS.includes(word);
      return own.includes(name) || isOfModel ? name : undefined;
    },
  };
}

const SETTINGS = {
  column: column('TRIBUTARY_RERANK_FIXED_COLUMN', {
    fallback: 'popularity',
    summary: 'the feature by which fixed orders candidates',
  }),
};

/**
 * Shows the candidates with the largest value of one feature, whatever was learned: the order of one model, to compare with. The scores of
 * a model order alike, whichever scale they have beside other lists. Where no list of the user has the feature, it orders by the expected
 * reward, and names the column as missing, so that such slates are counted.
 */
export const fixed: PolicyDefinition<typeof SETTINGS> = {
  name: 'fixed',
  settings: SETTINGS,
  create: (posterior, { column }) =>
    policyOf(
      ({ features, size, rules }) => {
        const rows = countRows(features);
        const { columns, values } = features;
        const place = placeOfColumn(columns, column);
        if (place === -1)
          return certainLaw(scoreRows(features, meanOfTable(posterior, features)), size, rules);
        const scores = Float64Array.from({ length: rows }, (_, row) => values[row * columns.length + place]!);
        return certainLaw(scores, size, rules);
      },
      ({ columns }) => (placeOfColumn(columns, column) === -1 ? column : undefined),
    ),
};
