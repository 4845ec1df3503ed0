import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillOnce, verifyFolderSha256 } from './cache.mjs';
import { findJava } from './java.mjs';

const VERSION = '4.4.0';
const SHA256 = 'd898e2e0d91134b1253dc946335be8f7f4e72ec9443d41175aa48fc7dd952756';
const MINIMUM_JAVA = 17;

const dependency = (group, artifact, version) =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;

const POM = `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>tributary</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    ${dependency('org.apache.kafka', 'kafka_2.13', VERSION)}
    ${dependency('org.apache.kafka', 'kafka-tools', VERSION)}
    ${dependency('org.slf4j', 'slf4j-simple', '1.7.36')}
  </dependencies>
</project>
`;

export const kafka = {
  name: 'kafka',
  does: `Kafka ${VERSION}`,
  needs: [],
  replacedBy: 'KAFKA_BROKERS',
  instead: 'set KAFKA_BROKERS to the brokers of your own cluster',

  locate({ cache, env }) {
    const libraries = join(cache, `kafka-${VERSION}`, 'libraries');
    const { java } = findJava(env, MINIMUM_JAVA);
    return existsSync(libraries) ? { java, libraries } : undefined;
  },

  async bring({ cache, env, run }) {
    const { home } = findJava(env, MINIMUM_JAVA);
    await fillOnce(cache, `kafka-${VERSION}`, async (folder) => {
      const pom = join(folder, 'pom.xml');
      const libraries = join(folder, 'libraries');
      writeFileSync(pom, POM);
      await run(
        'mvn',
        [
          '-q',
          '-B',
          '-C',
          '-f',
          pom,
          'dependency:copy-dependencies',
          '-DincludeScope=runtime',
          `-DoutputDirectory=${libraries}`,
        ],
        { task: `download Kafka ${VERSION} with Maven`, folder, env: { JAVA_HOME: home } },
      );
      await verifyFolderSha256(libraries, SHA256);
    });
  },
};
