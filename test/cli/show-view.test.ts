import { expect, it } from 'vitest';
import { showView } from '../../src/cli/output/show-view.ts';
import { plain } from '../../src/cli/output/style.ts';
import type { ExitReport } from '../../src/lifecycle/exit-report.ts';
import { app, worker } from '../client/samples.ts';

const EXIT: ExitReport = {
  slot: 1, generation: 2, pid: 6002, at: new Date(2026, 10, 20, 10, 31, 7).getTime(), code: 1, signal: null, askedBy: null,
  stateBefore: 'starting', uptimeMs: 212, killedAtDeadline: false, lastStderr: ['Error: connect ECONNREFUSED 127.0.0.1:5432', '    at new Pool (db.js:3:9)'],
};

it('shows a running app', () => {
  const workers = [worker({ slot: 1, pid: 5002, state: 'draining', blockers: { requests: 1, oldestMs: 800, connections: 1, websockets: 0, sockets: 0 } }), worker()];
  const snapshot = app({ workers, lastExits: [EXIT, { ...EXIT, slot: 0, code: null, signal: 'SIGKILL', askedBy: 'stop', killedAtDeadline: true, lastStderr: [] }] });
  expect(showView(snapshot, plain)).toMatchSnapshot();
});

it('shows a stopped app without what only runs', () => {
  const text = showView(app({ state: 'stopped', ready: 0, node: '', primaryPid: null, uptimeMs: null, startedAt: null, workers: [], listeners: [] }), plain);
  expect(text).toMatchSnapshot();
  expect(text).not.toContain('pid');
});
