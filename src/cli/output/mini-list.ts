import { byteSize } from '../../lifecycle/wording.ts';
import type { ListedApp } from '../../protocol/listed-app.ts';
import { age, percent } from './format.ts';
import { idRanges } from './list-view.ts';

/** One line per app without head, colours and notes, its words separated by one blank: the name, which may have blanks, comes last. */
export function miniList(apps: readonly ListedApp[]): string {
  const lines = apps.map((app) => {
    const { ids = [], state, ready, instances, restarts, uptimeMs, cpuPercent, memoryBytes, name } = app;
    const uptime = uptimeMs === null ? '-' : age(uptimeMs).replace(' ', '');
    return [idRanges(ids), state, `${ready}/${instances}`, restarts, uptime, percent(cpuPercent), byteSize(memoryBytes), name].join(' ');
  });
  return lines.map((line) => `${line}\n`).join('');
}
