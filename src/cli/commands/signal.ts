import { LbError } from '../../errors/lb-error.ts';
import { currentWorkers } from '../../lifecycle/current-workers.ts';
import type { SignalBody } from '../../protocol/control.ts';
import type { AppSnapshot } from '../../protocol/snapshot.ts';
import { parseSignal } from '../../system/signals.ts';
import { orderApp } from '../app-order.ts';
import { JSON_STREAM_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';
import { numberOption, positiveInteger } from '../values.ts';

export const signal: Command = {
  operands: '<signal> <app>',
  description: 'Sends a signal to every worker of an app, or to one, by its id or pid. SIGUSR2, usr2 and 12 name the same signal.',
  options: [
    { flags: '--pid <pid>', description: 'only the worker with this pid; "lb list --workers" shows the pids', parse: positiveInteger },
    JSON_STREAM_OPTION,
  ],
  exits: ['failed', 'notFound', 'daemon'],
  examples: ['lb signal SIGUSR2 api', 'lb signal hup api', 'lb signal kill api --pid 4711'],
  run,
};

async function run(context: Context): Promise<number> {
  const [word = '', name = ''] = context.args;
  const pid = numberOption(context.options, 'pid');
  const signalName = parseSignal(word);
  const body = (app: AppSnapshot, slot: number | null): SignalBody => {
    const to = pid ?? (slot === null ? undefined : pidOf(app, slot));
    return { signal: signalName, ...(to === undefined ? {} : { pid: to }) };
  };
  return orderApp(context, name, { title: 'signal to', route: 'signal', body });
}

/** The worker that an id stands for. @throws LbError if there is none */
function pidOf({ name, workers }: AppSnapshot, slot: number): number {
  const worker = currentWorkers(workers).get(slot);
  if (worker === undefined) throw new LbError('LB_ERR_OPERATION_FAILED', { operation: 'signal', app: name, reason: `slot ${slot} has no worker` });
  return worker.pid;
}
