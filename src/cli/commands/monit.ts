import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../client/connect.ts';
import { LbError } from '../../errors/lb-error.ts';
import { EXIT } from '../../errors/registry.ts';
import { MachineMeter } from '../../monitor/machine.ts';
import { runMonitor } from '../../monitor/monitor.ts';
import { paintLines } from '../../monitor/screen.ts';
import { stillFrame } from '../../monitor/still.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { terminalWidth } from '../io.ts';
import { colorLevel } from '../output/style.ts';
import { appNamed, fetchApps } from '../targets.ts';

const DEFAULT_COLUMNS = 100;
/** Over which the machine's CPU is measured for a single frame. */
const CPU_SAMPLE_MS = 250;

export const monit: Command = {
  operands: '[app]',
  description: 'Shows all apps, or one with its workers, live on the whole screen: figures, charts, events and logs, and keys to reload, scale and stop. "?" lists the keys, q quits and ends nothing else.',
  options: [{ flags: '--once', description: `print one frame and end; as wide as the terminal, else as $COLUMNS says (default: ${DEFAULT_COLUMNS})` }],
  exits: ['notFound', 'daemon'],
  examples: ['lb monit', 'lb monit api', 'lb monit --once', 'COLUMNS=160 lb monit --once > frame.txt'],
  run,
};

async function run(context: Context): Promise<number> {
  const [app = null] = context.args;
  const colors = colorLevel(context.io.stdout, context.io.env) > 0;
  if (context.options['once'] === true) await printOnce(context, app, colors);
  else await runMonitor({ address: context.address, tty: terminalOf(context), colors, app });
  return EXIT.ok;
}

async function printOnce({ io, address }: Context, app: string | null, colors: boolean): Promise<void> {
  const meter = new MachineMeter();
  meter.sample();
  const { channel } = await connect(address);
  try {
    await sleep(CPU_SAMPLE_MS);
    const apps = await fetchApps(channel);
    if (app !== null) appNamed(apps, app);
    const columns = terminalWidth(io.stdout) ?? columnsOf(io.env['COLUMNS']);
    const text = paintLines(stillFrame({ columns, at: Date.now(), apps, machine: meter.sample(), app }), colors);
    io.stdout.write(`${text.trimEnd()}\n`);
  } finally {
    channel.close();
  }
}

function columnsOf(text: string | undefined): number {
  const columns = Number(text);
  return Number.isSafeInteger(columns) && columns > 0 ? columns : DEFAULT_COLUMNS;
}

/** @throws LbError LB_ERR_USAGE when keys or screen are none of a terminal */
function terminalOf({ io }: Context): { readonly input: typeof process.stdin; readonly output: typeof process.stdout } {
  if (io.stdout !== process.stdout || !process.stdin.isTTY || !process.stdout.isTTY) {
    throw new LbError('LB_ERR_USAGE', { problem: '"lb monit" needs a terminal for its screen and its keys; "lb monit --once" prints one frame anywhere' });
  }
  return { input: process.stdin, output: process.stdout };
}
