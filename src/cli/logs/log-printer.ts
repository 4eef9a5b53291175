import type { StoredLine } from '../../logs/stored-line.ts';
import type { Context } from '../context.ts';
import { logLineView } from '../output/log-view.ts';
import { textOption } from '../values.ts';
import type { TimeFormat } from './time-format.ts';

/** How a line is written to stdout. */
function lineView({ json, options, outStyle }: Context, format: TimeFormat): (line: StoredLine) => string {
  if (json) return ({ app, slot, pid, stream, at, text }) => `${JSON.stringify({ app, slot, pid, stream, at, text })}\n`;
  if (options['format'] === true) return keyValueView;
  const highlight = textOption(options, 'highlight');
  const time = (at: number | null): string => (options['timestamp'] === undefined ? '' : `${outStyle('dim', at === null ? '-' : format(at))} `);
  if (options['raw'] === true) return ({ at, text }) => `${time(at)}${text}\n`;
  const marked = (text: string): string => (highlight === undefined ? text : text.replaceAll(highlight, outStyle('yellowBright', highlight)));
  return (line) => time(line.at) + logLineView({ ...line, text: marked(line.text) }, outStyle);
}

/** The `--format` of PM2. */
function keyValueView({ app, slot, stream, at, text }: StoredLine): string {
  const time = at === null ? '-' : new Date(at).toISOString();
  return `timestamp=${time} app=${app} id=${slot ?? '-'} type=${stream ?? 'out'} message=${text}\n`;
}

/** Prints batches of lines. Waits while the reader of stdout is behind, so that memory stays bounded. */
export class LogPrinter {
  readonly #context: Context;
  readonly #view: (line: StoredLine) => string;

  constructor(context: Context, format: TimeFormat) {
    this.#context = context;
    this.#view = lineView(context, format);
  }

  async print(lines: readonly StoredLine[]): Promise<void> {
    if (lines.length === 0) return;
    const { io, options } = this.#context;
    const stdout = options['raw'] === true ? (io.stdout.raw ?? io.stdout) : io.stdout;
    let text = '';
    for (const line of lines) text += this.#view(line);
    if (!stdout.write(text)) await new Promise<void>((resolve) => stdout.once('drain', resolve));
  }
}
