import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillOnce } from './cache.mjs';
import { SetupError } from './setup-error.mjs';

/** Renders overlays; the kustomize inside kubectl is often older. */
export const kustomize = goTool({
  name: 'kustomize',
  module: 'sigs.k8s.io/kustomize/kustomize/v5',
  version: 'v5.8.1',
  sum: 'h1:Pgsg5psubpVEy7Nf6S89PARg5VmmWUC1l9dC6Dl4PG0=',
});

/** Renders the chart. */
export const helm = goTool({
  name: 'helm',
  module: 'helm.sh/helm/v4',
  main: 'helm.sh/helm/v4/cmd/helm',
  version: 'v4.3.1',
  sum: 'h1:UndCoLe9UPmNoL7IvWzaUXveL7T5t/ijoorEmgJdI9g=',
});

/** Judges manifests. */
export const kubeScore = goTool({
  name: 'kube-score',
  module: 'github.com/zegl/kube-score',
  main: 'github.com/zegl/kube-score/cmd/kube-score',
  version: 'v1.20.0',
  sum: 'h1:J1VqK86SunV4Gg8emPTmwUVxe0rmXnAs5K9ZUbGMKR8=',
});

/** Tests alerts. */
export const promtool = goTool({
  name: 'promtool',
  module: 'github.com/prometheus/prometheus',
  main: 'github.com/prometheus/prometheus/cmd/promtool',
  version: 'v0.315.1',
  sum: 'h1:ZXaNKyUO5szJhhw7gKiP6b2jpx1QkS0S3CI1R1bPqIA=',
  // Tests of rules discover no targets, and the clients of all clouds would take most of the build.
  tags: 'remove_all_sd',
});

/** Kinds by the modules that define them, with the files of their schemas. */
const SCHEMAS = [
  {
    module: 'k8s.io/kubernetes',
    version: 'v1.36.3',
    sum: 'h1:qDQdoMiluAE2Eab6Fa52YV+WjiGz9mZFFoagEA6cI+o=',
    files: ['api/openapi-spec/swagger.json'],
  },
  {
    module: 'github.com/kedacore/keda/v2',
    version: 'v2.21.0',
    sum: 'h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=',
    files: [
      'config/crd/bases/keda.sh_scaledobjects.yaml',
      'config/crd/bases/keda.sh_triggerauthentications.yaml',
    ],
  },
  {
    module: 'github.com/prometheus-operator/prometheus-operator',
    version: 'v0.85.0',
    sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
    files: [
      'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml',
      'example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml',
    ],
  },
];
const SCHEMA_FOLDER = `kubernetes-schemas-${SCHEMAS.map(({ version }) => version).join('-')}`;

/** The schemas of Kubernetes, and of the custom resources of KEDA and Prometheus' operator. */
export const kubernetesSchemas = {
  name: 'kubernetes-schemas',
  does: 'Schemas of Kubernetes and of custom resources',
  needs: [],

  locate({ cache }) {
    const folder = join(cache, SCHEMA_FOLDER);
    return existsSync(folder) ? { folder } : undefined;
  },

  async bring({ cache, run }) {
    await fillOnce(cache, SCHEMA_FOLDER, async (folder) => {
      for (const schemas of SCHEMAS) {
        const source = await downloadModule(schemas, { cache, run, folder });
        for (const file of schemas.files) {
          writeFileSync(join(folder, file.split('/').at(-1)), readFileSync(join(source, file)));
        }
      }
    });
  },
};

/**
 * A program in Go that is built from its module, with the versions of dependencies that the module itself pins.
 *
 * @param {{ name: string, module: string, main?: string, version: string, sum: string, tags?: string }} tool
 *   `sum` is the checksum of the module as go.sum has it, `tags` those of the build
 */
function goTool({ name, module, main = module, version, sum, tags = '' }) {
  const cached = `${name}-${version}`;
  return {
    name,
    does: `${name} ${version}`,
    needs: [],

    locate({ cache }) {
      const program = join(cache, cached, name);
      return existsSync(program) ? { program } : undefined;
    },

    async bring({ cache, run }) {
      await fillOnce(cache, cached, async (folder) => {
        const source = await downloadModule({ module, version, sum }, { cache, run, folder });
        // A module of our own with the same go.mod, because `go install` refuses a module that replaces dependencies.
        const build = join(folder, 'build');
        mkdirSync(build);
        const pins = readFileSync(join(source, 'go.mod'), 'utf8').replace(/^module .*$/m, 'module build');
        writeFileSync(join(build, 'go.mod'), `${pins}\nrequire ${module} ${version}\n`);
        writeFileSync(join(build, 'go.sum'), readFileSync(join(source, 'go.sum')));
        writeFileSync(join(build, 'tools.go'), `//go:build tools\n\npackage tools\n\nimport _ "${main}"\n`);
        await run(
          'go',
          ['build', '-trimpath', `-tags=${tags}`, '-ldflags=-s -w', '-o', join(folder, name), main],
          {
            task: `build ${name} ${version}`,
            folder,
            cwd: build,
            env: goEnvironment(cache),
            retry: 'Install Go 1.26 or newer, check the network, and run this again',
          },
        );
      });
    },
  };
}

/** Downloads a module and verifies it. @returns its folder */
async function downloadModule({ module, version, sum }, { cache, run, folder }) {
  const printed = await run('go', ['mod', 'download', '-json', `${module}@${version}`], {
    task: `download ${module} ${version}`,
    folder,
    cwd: folder,
    env: goEnvironment(cache),
  });
  const { Dir: source, Sum: actual } = JSON.parse(printed);
  if (actual === sum) return source;
  throw new SetupError(
    `the checksum of ${module} ${version} is wrong (${actual}, expected ${sum})`,
    'Run `go clean -modcache` and try again; if it fails again, check the proxy of Go modules',
  );
}

/** Downloads and results of the compiler stay in the cache, where they can be deleted. */
function goEnvironment(cache) {
  return {
    GOPATH: join(cache, 'go'),
    GOCACHE: join(cache, 'go', 'build'),
    GOFLAGS: '-mod=mod -modcacherw -buildvcs=false',
    GOTOOLCHAIN: 'local',
    CGO_ENABLED: '0',
  };
}
