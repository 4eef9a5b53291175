import type { ListedApp } from '../../protocol/listed-app.ts';

type Value = (app: ListedApp) => number | string;

/** What a list can be sorted by, in the words of the columns and of PM2. */
const FIELDS: Readonly<Record<string, Value>> = {
  name: ({ name }) => name,
  id: ({ ids = [] }) => ids[0] ?? Number.MAX_SAFE_INTEGER,
  pm_id: ({ ids = [] }) => ids[0] ?? Number.MAX_SAFE_INTEGER,
  state: ({ state }) => state,
  status: ({ state }) => state,
  ready: ({ ready }) => ready,
  uptime: ({ uptimeMs }) => uptimeMs ?? -1,
  restarts: ({ restarts }) => restarts,
  cpu: ({ cpuPercent }) => cpuPercent ?? -1,
  memory: ({ memoryBytes }) => memoryBytes ?? -1,
  conns: ({ connections }) => connections,
  requests: ({ requestsPerSecond }) => requestsPerSecond,
};

export type ListOrder = (a: ListedApp, b: ListedApp) => number;

/** `memory`, `memory:asc`, `memory:desc`; equal ones by name. @throws Error that says what was expected */
export function listOrder(text: string): ListOrder {
  const [field = '', direction = 'asc', ...more] = text.split(':');
  const value = Object.hasOwn(FIELDS, field) ? FIELDS[field] : undefined;
  if (value === undefined || !['asc', 'desc'].includes(direction) || more.length > 0)
    throw new Error(`expected one of ${Object.keys(FIELDS).join(', ')}, optionally with :desc`);
  const sign = direction === 'desc' ? -1 : 1;
  return (a, b) => sign * compared(value(a), value(b)) || compared(a.name, b.name);
}

const compared = (a: number | string, b: number | string): number => (a < b ? -1 : a > b ? 1 : 0);
