import { setTimeout as sleep } from 'node:timers/promises';
import { LbError } from '../errors/lb-error.ts';
import type { Context } from './context.ts';
import { Interrupted } from './interrupted.ts';
import { errorView } from './output/error-view.ts';
import { terminalWidth, type Sink } from './io.ts';

const EVERY_MS = 1_000;
/** To the first column of the first line; to the end of the line; everything below. */
const [HOME, END_OF_LINE, BELOW, CLEAR] = ['\x1b[H', '\x1b[K', '\x1b[J', '\x1b[2J'];
/** A line that is too long for the terminal ends at its edge, only while the list is written. */
const [CUT, WRAP] = ['\x1b[?7l', '\x1b[?7h'];

/**
 * Shows a list again every second until Ctrl-C: on a terminal over the one before, else when it is another one. A daemon that is away for a moment is no
 * reason to end.
 */
export async function watchList(context: Context, show: (context: Context) => Promise<number>): Promise<never> {
  const interrupt = new AbortController();
  const restore = context.io.onInterrupt(() => interrupt.abort());
  const { stdout } = context.io;
  const onTerminal = stdout.isTTY === true && !context.json;
  if (onTerminal) stdout.write(CLEAR);
  let before: Shown = { text: '', note: '' };
  try {
    while (!interrupt.signal.aborted) {
      const shown = await shownOnce(context, show);
      if (onTerminal) stdout.write(HOME + CUT + fitted(shown.text, stdout) + BELOW + WRAP);
      else if (shown.text !== before.text) stdout.write(shown.text);
      if (shown.note !== before.note && shown.note !== '') context.note(shown.note);
      before = shown;
      await sleep(EVERY_MS, undefined, { signal: interrupt.signal }).catch(() => {});
    }
  } finally {
    restore();
  }
  throw new Interrupted();
}

interface Shown {
  /** What the list would print, its remarks and failures too. */
  readonly text: string;
  /** With `--json` the remarks stand apart. */
  readonly note: string;
}

async function shownOnce(context: Context, show: (context: Context) => Promise<number>): Promise<Shown> {
  let text = '';
  const write = (more: string): boolean => {
    text += more;
    return true;
  };
  const { stdout } = context.io;
  const sink: Sink = { write, once: () => {}, isTTY: stdout.isTTY, columns: stdout.columns };
  let apart = '';
  const note = (line: string): void => void (context.json ? (apart = line) : write(`${line}\n`));
  try {
    await show({ ...context, io: { ...context.io, stdout: sink }, print: (line) => void write(`${line}\n`), note });
  } catch (thrown) {
    const error = LbError.from(thrown);
    if (context.json) write(`${JSON.stringify({ type: 'result', ok: false, error: error.toRecord() })}\n`);
    else write(errorView(error, context.errStyle, terminalWidth(stdout)));
  }
  return { text, note: apart };
}

/** As many lines as the terminal has, each clearing what stood behind it; the last one says how many more there are. */
function fitted(text: string, { rows }: Sink): string {
  const lines = text.trimEnd().split('\n');
  const room = Math.max(2, (rows ?? Infinity) - 1);
  const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more lines`];
  return shown.map((line) => `${line}${END_OF_LINE}\n`).join('');
}
