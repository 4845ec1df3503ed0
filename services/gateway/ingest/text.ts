import type { Fault } from '#contracts/fault.ts';

/**
 * Returns why texts of an app cannot be stored; undefined if they can. Half of a surrogate pair has no UTF-8: the log would
 * hold a replacement character.
 */
export function textFault(field: string, ...texts: readonly string[]): Fault | undefined {
  if (texts.every((text) => text.isWellFormed())) return undefined;
  return {
    code: 'field.invalid',
    field,
    reason: 'is not well-formed Unicode: it holds half of a surrogate pair',
  };
}

/**
 * Returns why named texts cannot be stored; undefined if they can. Ill-formed names could become one in the log, and
 * `__proto__` would be lost.
 */
export function attributesFault(
  field: string,
  attributes: Readonly<Record<string, string>>,
): Fault | undefined {
  const broken = firstFault(Object.entries(attributes), ([name, value]) =>
    textFault(`${field}.${name.toWellFormed()}`, name, value),
  );
  if (broken !== undefined || !Object.hasOwn(attributes, '__proto__')) return broken;
  return {
    code: 'field.invalid',
    field: `${field}.__proto__`,
    reason: 'is a reserved name: choose another',
  };
}

/** Returns the fault of the first element that has one. */
export function firstFault<T>(
  elements: readonly T[],
  faultOf: (element: T, index: number) => Fault | undefined,
): Fault | undefined {
  for (const [index, element] of elements.entries()) {
    const fault = faultOf(element, index);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
