// `npm run build:client`: builds the client of apps into .build/client, and the producer of actions into .build/kafka. It prints
// the sizes of the client as one line of JSON.

import { exitWithFailure } from '../local/failure.ts';
import { buildClient, buildKafkaProducer } from './build.ts';

try {
  const { browser, node, limit } = await buildClient();
  await buildKafkaProducer();
  console.log(JSON.stringify({ browser, node, limit }));
  if (browser.gzip > limit) {
    console.error(
      `The client of browsers has ${browser.gzip} bytes with gzip; at most ${limit} are allowed.`,
    );
    process.exitCode = 1;
  }
} catch (error) {
  exitWithFailure(error);
}
