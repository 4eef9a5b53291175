import type { LbEvent, Severity } from '../../protocol/event.ts';
import { localTime } from './format.ts';
import type { Color, Style } from './style.ts';

const COLORS: Readonly<Record<Severity, Color>> = { info: 'dim', warn: 'yellow', error: 'red' };
const KIND_COLUMNS = 15;
const SEVERITY_COLUMNS = 5;

/** `2026-11-20 14:32:42  error  exit             api[1] worker 1 ended: exit code 1`. */
export function eventView(event: LbEvent, style: Style): string {
  const { at, app, kind, severity, message, slot, pid } = event;
  const who = app === null ? '' : slot === undefined ? app : `${app}[${slot}]`;
  const pidText = pid === undefined ? '' : style('dim', ` (pid ${pid})`);
  const color = COLORS[severity];
  const said = severity === 'info' ? message : style(color, message);
  return `${style('dim', localTime(at))}  ${style(color, severity.padEnd(SEVERITY_COLUMNS))}  ${style(severity === 'info' ? 'cyan' : color, kind.padEnd(KIND_COLUMNS))}  ${who === '' ? '' : `${style('bold', who)} `}${said}${pidText}\n`;
}
