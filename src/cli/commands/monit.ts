import { setTimeout as sleep } from 'node:timers/promises';
import { LbError } from '../../errors/lb-error.ts';
import { EXIT } from '../../errors/registry.ts';
import { MachineMeter } from '../../monitor/machine.ts';
import { runMonitor } from '../../monitor/monitor.ts';
import { fetchHistory } from '../../monitor/fetch-history.ts';
import { stillFrame } from '../../monitor/still.ts';
import { paintLines } from '../../terminal/screen.ts';
import type { Palette } from '../../terminal/style.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { daemonFor } from '../daemon-of.ts';
import { terminalWidth } from '../io.ts';
import { colorLevel, type ColorLevel } from '../output/style.ts';
import { fetchApps } from '../apps.ts';
import { chooseOne } from '../choose-with-files.ts';

const DEFAULT_COLUMNS = 100;
/** Time over which a single frame measures the machine's CPU. */
const CPU_SAMPLE_MS = 250;

export const monit: Command = {
  operands: '[app]',
  description:
    'Shows all apps, or one app with its workers, live and full screen: figures, charts, events and logs, with keys to reload, scale and stop. "?" lists the keys; q quits and leaves your apps running.',
  options: [{ flags: '--once', description: `print one frame and exit; as wide as the terminal, or $COLUMNS without one (default: ${DEFAULT_COLUMNS})` }],
  exits: ['notFound', 'daemon'],
  examples: ['lb monit', 'lb monit api', 'lb monit --once', 'COLUMNS=160 lb monit --once > frame.txt'],
  run,
};

async function run(context: Context): Promise<number> {
  const [given] = context.args;
  const palette = paletteOf(colorLevel(context.io.stdout, context.io.env), context.io.env);
  if (context.options['once'] === true) await printOnce(context, given, palette);
  else {
    const tty = terminalOf(context);
    const app = await nameOf(context, given);
    await runMonitor({ address: context.address, tty, palette, app });
  }
  return EXIT.ok;
}

/** @throws LbError LB_ERR_APP_NOT_FOUND */
async function nameOf(context: Context, word: string | undefined): Promise<string | null> {
  const { channel } = await daemonFor(context, 'read');
  try {
    return word === undefined ? null : (await chooseOne(context, await fetchApps(channel))).app.name;
  } finally {
    channel.close();
  }
}

async function printOnce(context: Context, word: string | undefined, palette: Palette): Promise<void> {
  const meter = new MachineMeter();
  meter.sample();
  const { io } = context;
  const { channel } = await daemonFor(context, 'read');
  try {
    await sleep(CPU_SAMPLE_MS);
    const apps = await fetchApps(channel);
    const app = word === undefined ? null : (await chooseOne(context, apps)).app.name;
    const columns = terminalWidth(io.stdout) ?? columnsOf(io.env['COLUMNS']);
    const history = await fetchHistory(channel, app);
    const text = paintLines(stillFrame({ columns, at: Date.now(), apps, machine: meter.sample(), history, app }), palette);
    io.stdout.write(`${text.trimEnd()}\n`);
  } finally {
    channel.close();
  }
}

/** Detects 256 colours by these variables; tmux always has them. */
function paletteOf(level: ColorLevel, { COLORTERM, TERM, TMUX }: NodeJS.ProcessEnv): Palette {
  if (level === 0) return 'none';
  return level > 1 || COLORTERM !== undefined || TMUX !== undefined || /256color|direct/.test(TERM ?? '') ? 'fixed' : 'basic';
}

function columnsOf(text: string | undefined): number {
  const columns = Number(text);
  return Number.isSafeInteger(columns) && columns > 0 ? columns : DEFAULT_COLUMNS;
}

/** @throws LbError LB_ERR_NO_TERMINAL if stdin or stdout is not a terminal */
function terminalOf({ io }: Context): { readonly input: typeof process.stdin; readonly output: typeof process.stdout } {
  if (io.stdout.raw !== process.stdout || !process.stdin.isTTY) {
    throw new LbError('LB_ERR_NO_TERMINAL', { command: '"lb monit"', instead: 'lb monit --once' });
  }
  return { input: process.stdin, output: process.stdout };
}
