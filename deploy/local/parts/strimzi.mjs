import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillOnce, verifyFolderSha256 } from './cache.mjs';
import { findJava } from './java.mjs';

const VERSION = '1.2.0';
const SHA256 = '9052b5f94bea08ca17f9f52f55e9ccdecb92358e8802146e5720eff2ad2c879a';
const MINIMUM_JAVA = 21;
const KINDS = {
  kafkas: 'kafka.Kafka',
  kafkanodepools: 'nodepool.KafkaNodePool',
  kafkatopics: 'topic.KafkaTopic',
  kafkausers: 'user.KafkaUser',
};

const POM = `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>tributary</groupId><artifactId>strimzi</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>io.strimzi</groupId><artifactId>api</artifactId><version>${VERSION}</version></dependency>
    <dependency><groupId>io.strimzi</groupId><artifactId>crd-generator</artifactId><version>${VERSION}</version></dependency>
  </dependencies>
</project>
`;

/** The definitions of Strimzi's custom resources, which its own generator writes from its API. */
export const strimzi = {
  name: 'strimzi-schemas',
  does: `Schemas of Strimzi ${VERSION}`,
  needs: [],

  locate({ cache }) {
    const folder = join(cache, `strimzi-schemas-${VERSION}`);
    return existsSync(folder) ? { folder } : undefined;
  },

  async bring({ cache, env, run }) {
    const { java, home } = findJava(env, MINIMUM_JAVA);
    await fillOnce(cache, `strimzi-schemas-${VERSION}`, async (folder) => {
      const [pom, libraries] = [join(folder, 'pom.xml'), join(folder, 'libraries')];
      writeFileSync(pom, POM);
      mkdirSync(libraries);
      await run(
        'mvn',
        ['-q', '-B', '-C', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${libraries}`],
        { task: `download Strimzi's API ${VERSION} with Maven`, folder, env: { JAVA_HOME: home } },
      );
      await verifyFolderSha256(libraries, SHA256);
      const kinds = Object.entries(KINDS).map(
        ([file, kind]) => `io.strimzi.api.kafka.model.${kind}=${join(folder, `${file}.yaml`)}`,
      );
      const options = [
        '--target-kube',
        '1.16+',
        '--crd-api-version',
        'v1',
        '--api-versions',
        'v1',
        '--storage-version',
        'v1',
        '--yaml',
      ];
      const generator = 'io.strimzi.crdgenerator.CrdGenerator';
      await run(java, ['-cp', join(libraries, '*'), generator, ...options, ...kinds], {
        task: "write the definitions of Strimzi's custom resources",
        folder,
      });
      rmSync(libraries, { recursive: true });
    });
  },
};
