import { type Static, Type } from 'typebox';
import { idFault } from '#contracts/domain/ids.ts';
import type { Fault } from '#contracts/fault.ts';
import { AVAILABILITIES, type Item } from '#contracts/generated/records.ts';
import { type Check, createCheck } from '#platform/http/validation.ts';
import { hintAtQuotes, idSchema } from '../id-schema.ts';
import { attributesFault, firstFault, textFault } from './text.ts';
import { reject, type Validation } from './validation.ts';

const MAX_TITLE = 1_000;
const MAX_VECTOR = 4_096;

const FIELDS = {
  title: Type.String({ minLength: 1, maxLength: MAX_TITLE, description: 'Title for people.' }),
  text: Type.Optional(Type.String({ description: 'Free text in any language.' })),
  categories: Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), { maxItems: 100, description: 'From broad to narrow.' }),
  ),
  attributes: Type.Optional(
    Type.Record(Type.String(), Type.String(), {
      description:
        'Named properties such as brand or size; the console shows the picture at the address in `image`.',
    }),
  ),
  vector: Type.Optional(
    Type.Union([Type.Null(), Type.Array(Type.Number(), { minItems: 1, maxItems: MAX_VECTOR })], {
      description:
        'An embedding supplied by the app, for example of the image; the same length for all items.',
    }),
  ),
  availability: Type.Optional(
    Type.Enum([...AVAILABILITIES], {
      description: 'Whether the item may be recommended. Default `available`.',
    }),
  ),
};

const EXAMPLE = {
  title: 'Oats',
  text: 'Rolled oats of the new harvest.',
  categories: ['Grocery', 'Cereal'],
  attributes: { brand: 'Store', image: 'https://shop.example/pictures/1082185.jpg' },
  availability: 'available',
};

/** An item as an app puts it, complete at each change, with its id in the path. */
export const ItemInput = Type.Object(FIELDS, { additionalProperties: false, examples: [EXAMPLE] });

/** An item within a batch, with its id. */
export const IdentifiedItemInput = Type.Object(
  { itemId: idSchema('Identifies the item.'), ...FIELDS },
  { additionalProperties: false, examples: [{ itemId: '1082185', ...EXAMPLE }] },
);

type Input = Static<typeof ItemInput>;

const checkItem = createCheck(ItemInput);
const checkIdentified = createCheck(IdentifiedItemInput);

export interface ItemRules {
  /** Numbers in a supplied vector; 0 accepts any length. */
  readonly vectorLength: number;
}

/** Validates an item whose id is in the path. */
export function validateItem(
  itemId: string,
  input: unknown,
  rules: ItemRules,
  now: number,
): Validation<Item> {
  return validate(checkItem, input, rules, () => toItem(itemId, input as Input, now));
}

/** Validates an item of a batch, which has its id. */
export function validateIdentifiedItem(entry: unknown, rules: ItemRules, now: number): Validation<Item> {
  return validate(checkIdentified, entry, rules, () => {
    const input = entry as Static<typeof IdentifiedItemInput>;
    return toItem(input.itemId, input, now);
  });
}

function validate(check: Check, input: unknown, rules: ItemRules, convert: () => Item): Validation<Item> {
  const fault = check(input);
  if (fault !== undefined) return reject(hintAtQuotes(fault, input));
  const record = convert();
  const reason = idFault(record.itemId);
  if (reason !== undefined) return reject({ code: 'field.invalid', field: 'itemId', reason });
  const inContent = contentFault(record) ?? vectorFault(record.vector, rules.vectorLength);
  return inContent === undefined ? { record } : reject(inContent);
}

function contentFault({ title, text, categories, attributes }: Item): Fault | undefined {
  return (
    textFault('title', title) ??
    textFault('text', text) ??
    firstFault(categories, (category, index) => textFault(`categories[${index}]`, category)) ??
    attributesFault('attributes', attributes)
  );
}

function vectorFault(vector: readonly number[] | null, length: number): Fault | undefined {
  if (vector === null) return undefined;
  if (length > 0 && vector.length !== length) {
    const reason = `has ${vector.length} numbers; ${length} are expected`;
    return { code: 'field.invalid', field: 'vector', reason };
  }
  const tooLarge = vector.findIndex((component) => !Number.isFinite(Math.fround(component)));
  if (tooLarge < 0) return undefined;
  return { code: 'field.invalid', field: `vector[${tooLarge}]`, reason: 'is not a finite 32-bit number' };
}

function toItem(itemId: string, input: Input, now: number): Item {
  return {
    itemId,
    title: input.title,
    text: input.text ?? '',
    categories: input.categories ?? [],
    attributes: input.attributes ?? {},
    vector: input.vector ?? null,
    availability: input.availability ?? 'available',
    updatedAt: now,
  };
}
