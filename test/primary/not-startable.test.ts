import { afterEach, expect, it, vi } from 'vitest';
import { sampleSpec } from '../lifecycle/sample-spec.ts';
import { PrimaryHarness } from './primary-harness.ts';

afterEach(() => void vi.useRealTimers());

it.each(['reload', 'restart'] as const)('%s of what cannot be started, or not by this Node.js: refused before a worker is stopped', async (kind) => {
  const app = await PrimaryHarness.online();
  const before = app.workers.length;
  app.startProblem = 'its script does not exist: /srv/api/server.js';
  const missing = app.order({ kind });
  await app.advance(2_000);
  expect(missing.error).toMatchObject({ code: 'LB_ERR_NOT_STARTABLE', details: { operation: kind, reason: app.startProblem } });

  app.startProblem = null;
  const other = app.order({ kind, spec: sampleSpec({ interpreter: '/opt/node', hangTimeoutMs: null }) });
  await app.advance(2_000);
  expect(other.error).toMatchObject({ code: 'LB_ERR_OTHER_NODE', details: { wanted: '/opt/node', version: process.version } });
  expect([app.workers.length, (await app.snapshot()).ready, (await app.snapshot()).operation]).toEqual([before, 2, null]);
});
