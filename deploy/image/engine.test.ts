import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildArguments, bytesOf, ENGINES, findEngine, qualified, saveArguments } from './engine.ts';

const build = {
  image: 'tributary:0.1.0',
  dockerfile: 'Dockerfile',
  context: '.',
  target: 'stage',
  args: { BASE: 'base:1' },
};

describe('the engine that builds images', () => {
  it('takes the first engine that answers, and says what to install if there is none', () => {
    assert.equal(
      findEngine((engine) => engine !== 'docker'),
      'podman',
    );
    assert.throws(() => findEngine(() => false), /neither Docker nor Podman nor buildah answers/);
  });

  it('passes target, arguments and context to every engine', () => {
    for (const engine of ENGINES) {
      const line = buildArguments(engine, build).join(' ');
      assert.match(
        line,
        /^build .*--file Dockerfile --tag tributary:0\.1\.0 --target stage --build-arg BASE=base:1 \.$/,
      );
    }
  });

  it('builds with arguments without cached layers in buildah, which ignores changed arguments', () => {
    assert.ok(buildArguments('buildah', build).includes('--layers=false'));
    assert.ok(buildArguments('buildah', { ...build, args: {} }).includes('--layers=true'));
    assert.ok(!buildArguments('docker', build).includes('--layers=false'));
  });

  it('writes archives under the name for which a cluster looks', () => {
    assert.equal(qualified('tributary:1'), 'docker.io/library/tributary:1');
    assert.equal(qualified('apache/kafka:4'), 'docker.io/apache/kafka:4');
    assert.equal(qualified('registry.example.com/a:1'), 'registry.example.com/a:1');
    assert.equal(qualified('localhost/a:1'), 'localhost/a:1');
    const line = saveArguments('buildah', 'tributary:1', '/tmp/a.tar').join(' ');
    assert.equal(line, 'push --quiet tributary:1 docker-archive:/tmp/a.tar:docker.io/library/tributary:1');
  });

  it('reads sizes as each engine states them', () => {
    assert.equal(bytesOf(1_500), 1_500);
    assert.equal(bytesOf('173 MB'), 173_000_000);
    assert.equal(bytesOf('1.2 GB'), 1_200_000_000);
  });
});
