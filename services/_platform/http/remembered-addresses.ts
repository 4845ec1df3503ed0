import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

type Found = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;
type Lookup = (hostname: string, options: LookupOptions, found: Found) => void;

/** What is known of a name. */
interface Question {
  /** The last addresses, and when they came, on the clock of `performance.now`; undefined if there were none, or the name is unknown by now. */
  known: { readonly answer: Parameters<Found>; readonly at: number } | undefined;
  /** The callers who wait for an answer; undefined while nobody asks. */
  waiting: Found[] | undefined;
}

/** A name service that is there answers in a few milliseconds. */
const PATIENCE_MS = 200;
/** An address may belong to another peer later. */
const REMEMBERED_MS = 600_000;
/** Answers of a resolver that did not reach a name service, or got no usable answer. */
const AWAY: ReadonlySet<string | undefined> = new Set(['EAI_AGAIN', 'EAI_FAIL']);

/**
 * Looks up addresses as `dns.lookup` does, but while the name service is away it returns the last ones that it gave, for up to ten minutes. Without it a
 * connection that has to be opened in that time fails, although the peer is where it was. A name that the service says is unknown is forgotten.
 *
 * One question for a name is on its way at a time, because a question without an answer holds one of the few threads of the process.
 *
 * @param ask default `dns.lookup`
 * @param patienceMs time after which the last addresses are returned, if there are any, although an answer may still come
 */
export function rememberingLookup(
  ask: Lookup = lookup as Lookup,
  patienceMs: number = PATIENCE_MS,
): LookupFunction {
  const questions = new Map<string, Question>();
  const remembering: Lookup = (hostname, options, found) => {
    const name = JSON.stringify([hostname, options.family, options.hints, options.all]);
    const question = questions.get(name) ?? { known: undefined, waiting: undefined };
    questions.set(name, question);
    let isOver = false;
    const answer: Found = (...answered) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      found(...answered);
    };
    const timer = setTimeout(() => {
      const last = lastOf(question);
      if (last !== undefined) answer(...last);
    }, patienceMs);
    if (question.waiting !== undefined) {
      question.waiting.push(answer);
      return;
    }
    question.waiting = [answer];
    ask(hostname, options, (...answered) => {
      const [error] = answered;
      const isAway = error !== null && AWAY.has(error.code);
      if (!isAway) question.known = error === null ? { answer: answered, at: performance.now() } : undefined;
      const { waiting = [] } = question;
      question.waiting = undefined;
      const told = (isAway ? lastOf(question) : undefined) ?? answered;
      for (const one of waiting) one(...told);
    });
  };
  return remembering as LookupFunction;
}

function lastOf({ known }: Question): Parameters<Found> | undefined {
  return known !== undefined && performance.now() - known.at < REMEMBERED_MS ? known.answer : undefined;
}
