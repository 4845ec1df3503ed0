interface TestEvent {
  readonly type: string;
  readonly data: { readonly file?: string };
}

/** A reporter of `node --test`: the absolute path of each test file whose results arrived completely, one a line. */
export default async function* finishedFiles(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events)
    if (type === 'test:summary' && data.file !== undefined) yield `${data.file}\n`;
}
