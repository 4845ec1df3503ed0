import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fillOnce, verifySha256 } from './cache.mjs';
import { findJava } from './java.mjs';

/** Apicurio Registry implements the Schema Registry API; its newest line runs on Java 21, the line before on 17. */
const RELEASES = [
  { version: '3.3.3', java: 21, sha256: '8bc6751c76d963734224b01d5e7f84ccb3cb61c87d3bd77c36c35f10a5cbed63' },
  {
    version: '2.6.13.Final',
    java: 17,
    sha256: '3cda1b34aa020fb4ac4dd6a66018d757e81e437f97e20a1f92d366b70091c6ba',
  },
];
const MINIMUM_JAVA = 17;

export const registry = {
  name: 'registry',
  does: 'Schema Registry (Apicurio)',
  needs: [],
  replacedBy: 'SCHEMA_REGISTRY_URL',
  instead: 'set SCHEMA_REGISTRY_URL to a Schema Registry of your own',

  locate({ cache, env }) {
    const { java, release } = choose(env);
    const folder = join(cache, folderName(release));
    if (!existsSync(folder)) return undefined;
    const jar = readdirSync(folder).find(
      (file) => file === 'quarkus-run.jar' || file.endsWith('-runner.jar'),
    );
    return { java, jar: join(folder, jar) };
  },

  async bring({ cache, env, run }) {
    const { home, release } = choose(env);
    await fillOnce(cache, folderName(release), async (folder) => {
      const artifact = `io.apicurio:apicurio-registry-app:${release.version}:tar.gz:all`;
      await run(
        'mvn',
        ['-q', '-B', '-C', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`],
        {
          task: `download the Schema Registry ${release.version} with Maven`,
          folder,
          env: { JAVA_HOME: home },
          cwd: folder,
        },
      );
      const archive = join(folder, `apicurio-registry-app-${release.version}-all.tar.gz`);
      await verifySha256(archive, release.sha256);
      await run('tar', ['-xzf', archive, '-C', folder], { task: 'unpack the Schema Registry', folder });
      rmSync(archive);
    });
  },
};

function choose(env) {
  const { java, home, major } = findJava(env, MINIMUM_JAVA);
  return { java, home, release: RELEASES.find((release) => major >= release.java) };
}

function folderName(release) {
  return `apicurio-registry-${release.version}`;
}
