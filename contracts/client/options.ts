/** Checks the options of a client, which apps in JavaScript may write in any way. */

type Rule = readonly [isValid: (value: unknown) => boolean, demand: string];

/** Timers hold no more milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;

const text: Rule = [(value) => typeof value === 'string' && value !== '', 'a text that is not empty'];
const callback: Rule = [(value) => typeof value === 'function', 'a function'];
const whole = (least: number, most: number): Rule => [
  (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
  `a whole number from ${least} to ${most}`,
];

const RULES: Readonly<Record<string, Rule>> = {
  url: [isAddress, 'the address of the gateway, such as https://events.shop.example'],
  userId: text,
  onVerdict: callback,
  onError: callback,
  batchSize: whole(1, 1_000),
  flushMs: whole(0, LONGEST_MS),
  maxQueued: whole(1, 1e9),
  timeoutMs: whole(1, LONGEST_MS),
  headers: [(value) => value === Object(value), 'an object'],
  queueFile: text,
  onQueueFileError: callback,
};

/** @throws TypeError that names the first option at fault, also one that does not exist */
export function checkOptions(options: object): void {
  for (const [name, value] of Object.entries({ url: undefined, ...options })) {
    const rule = Object.hasOwn(RULES, name) ? RULES[name] : undefined;
    if (rule === undefined) throw fault(name, `is none of ${Object.keys(RULES).join(', ')}`);
    const isAbsent = value === undefined && name !== 'url';
    if (!isAbsent && !rule[0](value)) throw fault(name, `must be ${rule[1]}, not ${String(value)}`);
  }
}

function fault(name: string, reason: string): TypeError {
  return new TypeError(`tributary: the option ${name} ${reason}`);
}

/** A path that the gateway is behind is part of its address; a query is not. */
function isAddress(value: unknown): boolean {
  return typeof value === 'string' && /^https?:\/\/[^\s/?#]+[^\s?#]*$/i.test(value);
}
