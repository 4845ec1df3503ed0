/** Explanations of recommendations: a proposal model writes a template, the gateway fills it in. */

const PLACEHOLDER = /\{(\w+)\}/g;
const KNOWN: readonly string[] = ['deed', 'cause'];
/** Largest template, in characters: each slot of a slate carries one. */
const MAX_LENGTH = 200;

/**
 * Why a template cannot be used; undefined when it can. It may hold `{deed}`, the action of the user on the cause of an item, and
 * `{cause}`, the title of that cause. The empty template explains nothing.
 */
export function explanationFault(template: string): string | undefined {
  if (template.length > MAX_LENGTH)
    return `has ${template.length} characters; at most ${MAX_LENGTH} are allowed`;
  const unknown = placeholdersOf(template).find((name) => !KNOWN.includes(name));
  return unknown === undefined ? undefined : `has the placeholder {${unknown}}; {deed} and {cause} are known`;
}

/** Whether the template says something about an item: an item without a cause needs a template without placeholders. */
export function canExplain(template: string, hasCause: boolean): boolean {
  return template !== '' && (hasCause || placeholdersOf(template).length === 0);
}

/** The template with its placeholders replaced once, so that a title which looks like a placeholder stays as it is. */
export function fillExplanation(
  template: string,
  values: { readonly deed: string; readonly cause: string },
): string {
  if (!template.includes('{')) return template;
  return template.replaceAll(PLACEHOLDER, (placeholder, name: string) =>
    name === 'deed' || name === 'cause' ? values[name] : placeholder,
  );
}

/** Each slot of a slate asks, and there are few templates. */
const namesOf = new Map<string, readonly string[]>();
const MOST_TEMPLATES = 1_000;

function placeholdersOf(template: string): readonly string[] {
  let names = namesOf.get(template);
  if (names === undefined) {
    names = Array.from(template.matchAll(PLACEHOLDER), ([, name]) => name!);
    // A third party may write any number of them.
    if (namesOf.size >= MOST_TEMPLATES) namesOf.clear();
    namesOf.set(template, names);
  }
  return names;
}
