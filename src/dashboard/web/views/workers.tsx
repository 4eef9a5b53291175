import type { JSX } from 'preact';
import type { AppSnapshot, WorkerHealth, WorkerSnapshot } from '../../../protocol/snapshot.ts';
import { age, count, millis, percent, share, size } from '../format.ts';
import { State } from '../parts/state.tsx';
import { Table, type Column } from '../parts/table.tsx';
import { hrefOf } from '../route.ts';

interface Row extends WorkerSnapshot {
  readonly app: string;
  readonly health: WorkerHealth | undefined;
}

const COLUMNS: readonly Column<Row>[] = [
  {
    title: 'Slot',
    text: true,
    value: (worker) => (
      <>
        <a href={hrefOf({ view: 'logs', app: worker.app, slot: worker.slot })} title="Logs of this worker">
          {worker.slot}
        </a>
        <State of={worker.state} />
      </>
    ),
  },
  { title: 'PID', value: (worker) => worker.pid },
  { title: 'Gen', value: (worker) => worker.generation },
  { title: 'Uptime', value: (worker) => age(worker.uptimeMs) },
  { title: 'CPU', value: (worker) => percent(worker.cpuPercent) },
  { title: 'Memory', value: (worker) => size(worker.memoryBytes) },
  { title: 'Loop', value: (worker) => share(worker.eventLoopUtilization) },
  { title: 'Conns', value: (worker) => count(worker.connections) },
  { title: 'Req/s', value: (worker) => count(worker.requestsPerSecond) },
  { title: 'p95', value: (worker) => millis(worker.p95Ms) },
  { title: 'Weight', value: (worker) => count(worker.weight), alarm: (worker) => worker.weight === 0 },
  { title: 'Hand-off', value: (worker) => millis(worker.handOffMs) },
  {
    title: 'Health',
    text: true,
    value: ({ health, withdrawn }) => healthText(health, withdrawn),
    alarm: ({ health, withdrawn }) => withdrawn !== null || (health?.causes.length ?? 0) > 0,
  },
];

/** One row per process; during a reload, old and new ones. */
export function Workers({ app: { name, workers, health } }: { readonly app: AppSnapshot }): JSX.Element {
  const rows = [...workers]
    .sort((a, b) => a.slot - b.slot || a.generation - b.generation)
    .map((worker): Row => ({ ...worker, app: name, health: health.find(({ pid }) => pid === worker.pid) }));
  if (rows.length === 0) return <p class="empty">No workers running.</p>;
  return <Table label="Workers" rows={rows} columns={COLUMNS} keyOf={(worker) => worker.pid} />;
}

function healthText(health: WorkerHealth | undefined, withdrawn: string | null): string {
  if (withdrawn !== null) return `reported drain: ${withdrawn}`;
  if (health === undefined) return '–';
  if (health.causes.length > 0) return health.causes.join('; ');
  return health.checks.failed === 0 ? 'ok' : `ok, ${count(health.checks.failed)} checks failed`;
}
