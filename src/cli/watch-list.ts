import { setTimeout as sleep } from 'node:timers/promises';
import { LbError } from '../errors/lb-error.ts';
import type { Context } from './context.ts';
import { terminalSafe } from '../system/terminal-output.ts';
import { Interrupted } from './interrupted.ts';
import { errorView } from './output/error-view.ts';
import { terminalWidth, type Sink } from './io.ts';

const EVERY_MS = 1_000;
/** Moves to the top left; clears to the end of the line; clears everything below; clears the screen. */
const [HOME, END_OF_LINE, BELOW, CLEAR] = ['\x1b[H', '\x1b[K', '\x1b[J', '\x1b[2J'];
/** Turns line wrapping off and on, so that long lines are cut at the edge while the list is written. */
const [CUT, WRAP] = ['\x1b[?7l', '\x1b[?7h'];

/**
 * Repeats a list until Ctrl-C. On a terminal each list replaces the previous one, with remarks and failures below it. Otherwise
 * it prints a list only if it has changed, and each new remark once, to stderr. A daemon that is away does not end it.
 */
export async function watchList(context: Context, show: (context: Context) => Promise<number>, everyMs = EVERY_MS): Promise<never> {
  const interrupt = new AbortController();
  const restore = context.io.onInterrupt(() => interrupt.abort());
  const { stdout, stderr } = context.io;
  const onTerminal = stdout.isTTY === true && !context.json;
  const screen = stdout.raw ?? stdout;
  if (onTerminal) screen.write(CLEAR);
  let before: Shown = { list: '', remarks: '' };
  try {
    while (!interrupt.signal.aborted) {
      const shown = await shownOnce(context, show, onTerminal);
      if (onTerminal) screen.write(HOME + CUT + fitted(terminalSafe(shown.list + shown.remarks), stdout) + BELOW + WRAP);
      else {
        if (shown.list !== before.list && shown.list !== '') stdout.write(shown.list);
        if (shown.remarks !== before.remarks && shown.remarks !== '') stderr.write(shown.remarks);
      }
      before = shown;
      await sleep(everyMs, undefined, { signal: interrupt.signal }).catch(() => {});
    }
  } finally {
    restore();
  }
  throw new Interrupted();
}

interface Shown {
  /** The printed list. */
  readonly list: string;
  /** Notes about the list, or the reason why there is none. */
  readonly remarks: string;
}

async function shownOnce(context: Context, show: (context: Context) => Promise<number>, onTerminal: boolean): Promise<Shown> {
  const { stdout, stderr } = context.io;
  let list = '';
  const write = (text: string): boolean => {
    list += text;
    return true;
  };
  let remarks = '';
  const sink: Sink = { write, once: () => {}, isTTY: stdout.isTTY, columns: stdout.columns };
  try {
    await show({ ...context, io: { ...context.io, stdout: sink }, print: (line) => void write(`${line}\n`), note: (line) => void (remarks += `${line}\n`) });
  } catch (thrown) {
    const [style, width] = onTerminal ? [context.outStyle, terminalWidth(stdout)] : [context.errStyle, terminalWidth(stderr)];
    const error = LbError.from(thrown);
    // Its hint is to run the command again, which happens here anyway.
    remarks += errorView(error, style, width, error.code !== 'LB_ERR_DAEMON_LOST');
  }
  return { list, remarks };
}

/** Cuts the text to the rows of the terminal. Each line clears its rest; the last one says how many lines are missing. */
function fitted(text: string, { rows }: Sink): string {
  const lines = text.trimEnd().split('\n');
  const room = Math.max(2, (rows ?? Infinity) - 1);
  const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more lines`];
  return shown.map((line) => `${line}${END_OF_LINE}\n`).join('');
}
