import type { StoredLine } from '../../logs/stored-line.ts';
import type { Color, Style } from './style.ts';

const PALETTE: readonly Color[] = ['cyan', 'green', 'yellow', 'magenta', 'blue', 'cyanBright', 'greenBright', 'yellowBright', 'magentaBright', 'blueBright'];

/** The same worker slot always has the same colour; neighbouring slots have different ones. */
export function slotColor(app: string, slot: number): Color {
  let hash = 0;
  for (const char of app) hash = (hash * 31 + char.charCodeAt(0)) >>> 0;
  return PALETTE[(hash + slot) % PALETTE.length] ?? 'cyan';
}

/** `api[0] listening on 3000`; `api` alone where the slot is not known. */
export function logLineView({ app, slot, stream, text }: Pick<StoredLine, 'app' | 'slot' | 'stream' | 'text'>, style: Style): string {
  const prefix = style(slotColor(app, slot ?? 0), slot === null ? app : `${app}[${slot}]`);
  return `${prefix} ${stream === 'err' ? style('red', text) : text}\n`;
}
