import { setTimeout as sleep } from 'node:timers/promises';
import type { DaemonAddress } from '../../client/address.ts';
import { connectIfRunning } from '../../client/connect.ts';
import { LbError } from '../../errors/lb-error.ts';
import { EXIT } from '../../errors/registry.ts';
import { isAlive, startTimeOf } from '../../system/processes.ts';
import { JSON_STREAM_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';
import { reachedDaemon } from '../daemon-of.ts';
import { forEachTarget, runOperation } from '../operation.ts';

const GONE_DEADLINE_MS = 5_000;
const POLL_MS = 20;

export const kill: Command = {
  operands: '',
  description:
    'Drains and stops all apps, then ends the daemon. Their definitions stay: the next daemon lists them as stopped. If nothing is running, this does nothing and succeeds.',
  options: [JSON_STREAM_OPTION],
  exits: ['failed', 'daemon', 'interrupted'],
  examples: ['lb kill'],
  run,
};

async function run(context: Context): Promise<number> {
  const connection = await reachedDaemon(context, 'read');
  if (connection === null) {
    if (context.json) context.print(JSON.stringify({ type: 'result', ok: true, apps: [], message: 'no daemon is running' }));
    context.note(`no daemon is running for ${context.home}`);
    return EXIT.ok;
  }
  const { channel, hello } = connection;
  const startTime = startTimeOf(hello.pid);
  try {
    return await forEachTarget(context, ['daemon'], async () => {
      await runOperation(context, channel, { title: 'shutdown', method: 'POST', path: '/v1/shutdown' });
      await untilGone(context.address, hello.pid, startTime);
    });
  } finally {
    channel.close();
  }
}

/** Waits until the daemon no longer answers and its process is gone. */
async function untilGone(address: DaemonAddress, pid: number, startTime: number | null): Promise<void> {
  const deadline = performance.now() + GONE_DEADLINE_MS;
  while (performance.now() < deadline) {
    if ((await isGone(address, pid)) && !isAlive(pid, startTime)) return;
    await sleep(POLL_MS);
  }
}

async function isGone(address: DaemonAddress, pid: number): Promise<boolean> {
  try {
    const connection = await connectIfRunning(address);
    connection?.channel.close();
    return connection === null || connection.hello.pid !== pid;
  } catch (error) {
    // It closes connections while it ends, so check again. Of a shared socket that is gone it is not known whether a daemon runs.
    if (error instanceof LbError) return address.isShared === true;
    throw error;
  }
}
