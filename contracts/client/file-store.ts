import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { EventStore, QueuedEvent } from './platform.ts';

/** Lines beyond those of waiting events after which the file is written again. */
const SPARE_LINES = 10_000;

/**
 * Keeps events in a file of JSON lines: an event, or the ids of events that have a verdict. One process at a time uses a file. It is
 * written at once, so that an event survives the process from the moment it is tracked; a power cut may lose the last ones.
 * @param onFailure called with the error of a write; the event is still in memory then
 * @throws an error of the file system if the file exists and cannot be read
 */
export function openFileStore(path: string, onFailure: (error: Error) => void): EventStore {
  const waiting = read(path);
  let lines = Number.POSITIVE_INFINITY;

  function append(line: object): void {
    try {
      write(line);
    } catch (error) {
      onFailure(error as Error);
    }
  }

  function write(line: object): void {
    lines += 1;
    if (lines <= waiting.size + SPARE_LINES) {
      appendFileSync(path, `${JSON.stringify(line)}\n`);
      return;
    }
    // Renamed in one step, so that a crash leaves the former file or the new one.
    const whole = [...waiting.values()].map((event) => `${JSON.stringify(event)}\n`).join('');
    writeFileSync(`${path}.next`, whole);
    renameSync(`${path}.next`, path);
    lines = waiting.size;
  }

  return {
    load: async () => [...waiting.values()],
    put(event) {
      waiting.set(event.event.eventId, event);
      append(event);
    },
    remove(ids) {
      for (const id of ids) waiting.delete(id);
      append({ settled: ids });
    },
  };
}

function read(path: string): Map<string, QueuedEvent> {
  const waiting = new Map<string, QueuedEvent>();
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  for (const line of text.split('\n')) {
    const entry = parse(line);
    if (entry === undefined) continue;
    if ('settled' in entry) for (const id of entry.settled) waiting.delete(id);
    else waiting.set(entry.event.eventId, entry);
  }
  return waiting;
}

/** The last line of a process that was killed may be cut; its event was not yet tracked for good. Lines of another shape are passed over. */
function parse(line: string): QueuedEvent | { readonly settled: readonly string[] } | undefined {
  try {
    const entry = JSON.parse(line);
    return Array.isArray(entry?.settled) || typeof entry?.event?.eventId === 'string' ? entry : undefined;
  } catch {
    return undefined;
  }
}
