import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { findJava } from './java.mjs';

const root = mkdtempSync(join(tmpdir(), 'java-'));
after(() => rmSync(root, { recursive: true }));

function fakeJava(home: string, version: string): string {
  mkdirSync(join(root, home, 'bin'), { recursive: true });
  writeFileSync(join(root, home, 'bin', 'java'), '');
  writeFileSync(join(root, home, 'release'), `IMPLEMENTOR="x"\nJAVA_VERSION="${version}"\n`);
  return join(root, home);
}

describe('findJava', () => {
  const nowhere = join(root, 'nowhere');
  const seventeen = fakeJava('packaged/seventeen', '17.0.15');
  const newer = fakeJava('packaged/twenty-five', '25.0.3');
  const older = fakeJava('eleven', '11.0.2');

  it('returns the newest Java that it finds', () => {
    const found = findJava({ JAVA_HOME: older, PATH: '' }, 17, join(root, 'packaged'));
    assert.deepEqual(found, { home: newer, java: join(newer, 'bin', 'java'), major: 25 });
  });

  it('prefers the Java of JAVA_HOME if it is new enough', () => {
    assert.equal(findJava({ JAVA_HOME: seventeen, PATH: '' }, 17, join(root, 'packaged')).home, seventeen);
  });

  it('finds a Java through a link on PATH', () => {
    mkdirSync(join(root, 'bin'));
    symlinkSync(join(older, 'bin', 'java'), join(root, 'bin', 'java'));
    assert.equal(findJava({ PATH: join(root, 'bin') }, 11, nowhere).home, older);
  });

  it('names a Java that is too old together with the required version', () => {
    assert.throws(() => findJava({ JAVA_HOME: older, PATH: '' }, 17, nowhere), {
      name: 'SetupError',
      message:
        'Java 17 is required, but only Java 11 was found. ' +
        'Install it (Debian: apt-get install openjdk-17-jre-headless) or set JAVA_HOME to its folder.',
    });
  });

  it('reports a missing Java', () => {
    assert.throws(() => findJava({ PATH: '' }, 17, nowhere), { problem: 'Java 17 or newer was not found' });
  });
});
