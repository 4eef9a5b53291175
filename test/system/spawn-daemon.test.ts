import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { spawnDaemon } from '../../src/system/spawn-daemon.ts';
import { tempDir } from '../config/temp-dir.ts';

it('a daemon is a small process', async () => {
  const home = tempDir();
  const [program, logFile] = [join(home, 'program.cjs'), join(home, 'daemon.log')];
  writeFileSync(program, 'console.log(JSON.stringify([process.execArgv, process.argv[2]]));');
  const child = spawnDaemon({ program, home, logFile });
  expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
  expect(JSON.parse(readFileSync(logFile, 'utf8'))).toEqual([['--v8-pool-size=1', '--max-semi-space-size=1'], 'daemon']);
});
