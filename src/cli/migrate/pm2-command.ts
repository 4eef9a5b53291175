import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { LbError, messageOf } from '../../errors/lb-error.ts';
import { isObject } from '../../protocol/parser.ts';
import { isAlive } from '../../system/processes.ts';
import type { Pm2Daemon } from './pm2-daemon.ts';

/** A delete waits for `kill_timeout` of each process. */
const TIMEOUT_MS = 120_000;
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * Runs a command of the PM2 that the daemon runs.
 * @returns what it printed @throws LbError LB_ERR_MIGRATE_COMMAND, also when the daemon is gone: PM2 would start another one
 */
export async function pm2({ pid, startTime, home, node, program }: Pm2Daemon, ...words: string[]): Promise<string> {
  const command = words.join(' ');
  if (!isAlive(pid, startTime)) throw new LbError('LB_ERR_MIGRATE_COMMAND', { command, reason: `its daemon (pid ${pid}) has ended` });
  const env = { ...process.env, PM2_HOME: home, PM2_DISCRETE_MODE: 'true', NO_COLOR: '1' };
  try {
    const { stdout } = await promisify(execFile)(node, [program, ...words], { env, encoding: 'utf8', timeout: TIMEOUT_MS, maxBuffer: MOST_BYTES });
    return stdout;
  } catch (error) {
    const printed = isObject(error) ? [error['stderr'], error['stdout']] : [];
    const said = printed.map((text) => (typeof text === 'string' ? text.trim() : '')).filter(Boolean);
    throw new LbError('LB_ERR_MIGRATE_COMMAND', { command, reason: said[0]?.split('\n').at(-1) ?? messageOf(error) });
  }
}
