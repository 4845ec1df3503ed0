import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

type Found = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;
type Lookup = (hostname: string, options: LookupOptions, found: Found) => void;

/** The answers of the name service to one question. */
interface Question {
  /** The last addresses; undefined until there were any. */
  known: Parameters<Found> | undefined;
  /** Who waits for the answer that is on its way; undefined if none is. */
  waiting: Found[] | undefined;
}

/** A name service that is there answers in a few milliseconds. */
const PATIENCE_MS = 200;

/**
 * Looks up addresses as `dns.lookup` does, but while the name service is away it returns the last ones that it gave. Without it a connection
 * that has to be opened in that time fails, although the peer is where it was. A name that the service no longer knows is not found.
 *
 * One question for a name is on its way at a time, because a question without an answer holds one of the few threads of the process.
 *
 * @param ask default `dns.lookup`
 * @param patienceMs time after which the last addresses are returned, if there are any
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
      if (question.known !== undefined) answer(...question.known);
    }, patienceMs);
    question.waiting?.push(answer);
    if (question.waiting !== undefined) return;
    question.waiting = [answer];
    ask(hostname, options, (...answered) => {
      const [error] = answered;
      if (error === null) question.known = answered;
      const isAway = error?.code === 'EAI_AGAIN' && question.known !== undefined;
      const { waiting = [] } = question;
      question.waiting = undefined;
      for (const one of waiting) one(...(isAway ? question.known! : answered));
    });
  };
  return remembering as LookupFunction;
}
