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

describe('Java', () => {
  const nowhere = join(root, 'nowhere');
  const seventeen = fakeJava('packaged/seventeen', '17.0.15');
  const newer = fakeJava('packaged/twenty-five', '25.0.3');
  const older = fakeJava('eleven', '11.0.2');

  it('is the newest of those found', () => {
    const found = findJava({ JAVA_HOME: older, PATH: '' }, 17, join(root, 'packaged'));
    assert.deepEqual(found, { home: newer, java: join(newer, 'bin', 'java'), major: 25 });
  });

  it('is the one of JAVA_HOME where that is new enough', () => {
    assert.equal(findJava({ JAVA_HOME: seventeen, PATH: '' }, 17, join(root, 'packaged')).home, seventeen);
  });

  it('is found through a link on PATH', () => {
    mkdirSync(join(root, 'bin'));
    symlinkSync(join(older, 'bin', 'java'), join(root, 'bin', 'java'));
    assert.equal(findJava({ PATH: join(root, 'bin') }, 11, nowhere).home, older);
  });

  it('that is too old is named together with the one needed', () => {
    assert.throws(() => findJava({ JAVA_HOME: older, PATH: '' }, 17, nowhere), {
      name: 'SetupError',
      message:
        'Java 17 is needed and only Java 11 was found. ' +
        'Install it (Debian: apt-get install openjdk-17-jre-headless) or set JAVA_HOME to where it is.',
    });
  });

  it('that is missing is said to be', () => {
    assert.throws(() => findJava({ PATH: '' }, 17, nowhere), { problem: 'Java 17 or newer was not found' });
  });
});
