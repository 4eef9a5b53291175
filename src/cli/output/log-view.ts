import type { LogLine } from '../../protocol/control.ts';
import type { Color, Style } from './style.ts';

const PALETTE: readonly Color[] = ['cyan', 'green', 'yellow', 'magenta', 'blue', 'cyanBright', 'greenBright', 'yellowBright', 'magentaBright', 'blueBright'];

/** The same worker slot always has the same colour; neighbouring slots have different ones. */
export function slotColor(app: string, slot: number): Color {
  let hash = 0;
  for (const char of app) hash = (hash * 31 + char.charCodeAt(0)) >>> 0;
  return PALETTE[(hash + slot) % PALETTE.length] ?? 'cyan';
}

/** `api[0] listening on 3000`; `api` alone for lines from a file, which does not record the slot. */
export function logLineView(line: LogLine, style: Style): string {
  const writer = line.pid === 0 ? line.app : `${line.app}[${line.slot}]`;
  const prefix = style(slotColor(line.app, line.slot), writer);
  return `${prefix} ${line.stream === 'err' ? style('red', line.text) : line.text}\n`;
}
