/** Proposes which columns of a file of items are categories, attributes and pictures. */
import type { ColumnList } from './mapping.ts';
import { type FileSample, textsOf } from './sample.ts';
import { ATTRIBUTE_NAMES, CATEGORY_NAMES, plainName } from './synonyms.ts';

const SEPARATORS = ['>', '|', '/', ';'] as const;

/** Proposes the columns of categories, or one column whose texts are paths. */
export function categoryColumns(sample: FileSample, free: readonly string[]): ColumnList | undefined {
  const columns = free.filter((column) => CATEGORY_NAMES.includes(plainName(column)));
  const [only, ...more] = columns;
  if (only === undefined) return undefined;
  const texts = textsOf(sample, only);
  const separator = SEPARATORS.find(
    (one) => texts.filter((text) => text.includes(one)).length * 2 > texts.length,
  );
  return more.length === 0 && separator !== undefined ? { column: only, separator } : columns;
}

export function attributeColumns(free: readonly string[]): readonly string[] {
  return free.filter((column) => ATTRIBUTE_NAMES.includes(plainName(column)));
}
