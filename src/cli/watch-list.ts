import { setTimeout as sleep } from 'node:timers/promises';
import { LbError } from '../errors/lb-error.ts';
import type { Context } from './context.ts';
import { Interrupted } from './interrupted.ts';
import { errorView } from './output/error-view.ts';
import { terminalWidth, type Sink } from './io.ts';

const EVERY_MS = 1_000;
/** To the first column of the first line; to the end of the line; everything below. */
const [HOME, END_OF_LINE, BELOW, CLEAR] = ['\x1b[H', '\x1b[K', '\x1b[J', '\x1b[2J'];

/**
 * Shows a list again every second until Ctrl-C, on a terminal over the one before. A daemon that is away for a moment is no
 * reason to end.
 */
export async function watchList(context: Context, show: (context: Context) => Promise<number>): Promise<never> {
  const interrupt = new AbortController();
  const restore = context.io.onInterrupt(() => interrupt.abort());
  const { stdout } = context.io;
  const onTerminal = stdout.isTTY === true && !context.json;
  if (onTerminal) stdout.write(CLEAR);
  try {
    while (!interrupt.signal.aborted) {
      const text = await shownText(context, show);
      stdout.write(onTerminal ? HOME + fitted(text, stdout) + BELOW : text);
      await sleep(EVERY_MS, undefined, { signal: interrupt.signal }).catch(() => {});
    }
  } finally {
    restore();
  }
  throw new Interrupted();
}

/** What the list would print, its remarks and failures too. */
async function shownText(context: Context, show: (context: Context) => Promise<number>): Promise<string> {
  let text = '';
  const write = (more: string): boolean => {
    text += more;
    return true;
  };
  const { stdout } = context.io;
  const sink: Sink = { write, once: () => {}, isTTY: stdout.isTTY, columns: stdout.columns };
  const note = context.json ? context.note : (line: string): void => void write(`${line}\n`);
  try {
    await show({ ...context, io: { ...context.io, stdout: sink }, print: (line) => void write(`${line}\n`), note });
  } catch (thrown) {
    const error = LbError.from(thrown);
    if (context.json) write(`${JSON.stringify({ type: 'result', ok: false, error: error.toRecord() })}\n`);
    else write(errorView(error, context.errStyle, terminalWidth(stdout)));
  }
  return text;
}

/** As many lines as the terminal has, each clearing what stood behind it. */
function fitted(text: string, { rows }: Sink): string {
  const lines = text.trimEnd().split('\n');
  const shown = rows === undefined ? lines : lines.slice(0, Math.max(1, rows - 1));
  return shown.map((line) => `${line}${END_OF_LINE}\n`).join('');
}
