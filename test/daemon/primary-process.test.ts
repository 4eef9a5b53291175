import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { SHARED_PRIMARY } from '../../src/lifecycle/primary-of.ts';
import { spawnPrimary } from '../../src/daemon/primary-process.ts';
import type { PrimarySettings } from '../../src/protocol/attach.ts';
import { PROGRAM_PARTS } from '../../src/system/program.ts';
import { tempHome } from './temp-home.ts';

it.each([
  ['of several apps is a small process', SHARED_PRIMARY, ['--v8-pool-size=1', '--max-semi-space-size=1']],
  ['that hands out connections has room for them', 'api', ['--v8-pool-size=1']],
])('a primary %s', async (_, name, flags) => {
  const program = tempHome();
  const [main, logFile] = [join(program, PROGRAM_PARTS.primary), join(program, 'daemon.log')];
  mkdirSync(dirname(main), { recursive: true });
  writeFileSync(main, 'console.log(JSON.stringify(process.execArgv));');
  const settings = { name, program } as PrimarySettings;
  const how = await new Promise<string>((resolve) => void spawnPrimary({ interpreter: null, settings, logFile, onExit: resolve }));
  expect([how, JSON.parse(readFileSync(logFile, 'utf8'))]).toEqual(['exit code 0', flags]);
});
