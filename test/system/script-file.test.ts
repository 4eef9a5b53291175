import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { findScript } from '../../src/system/script-file.ts';

it('follows links, and says which file is there', async () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'lb-script-')));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, '41'));
  writeFileSync(join(root, '41/server.js'), 'one');
  symlinkSync('41', join(root, 'current'));
  const { ino, mtimeMs } = statSync(join(root, '41/server.js'));
  const found = { script: join(root, '41/server.js'), cwd: join(root, '41'), inode: ino, bytes: 3, modifiedMs: mtimeMs };
  expect(await findScript(join(root, 'current/server.js'), join(root, 'current'))).toEqual(found);
  expect(await findScript(join(root, 'current/none.js'), root)).toBeNull();
  expect(await findScript(join(root, 'current/server.js'), join(root, 'none'))).toBeNull();
});
