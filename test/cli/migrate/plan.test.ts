import { describe, expect, it } from 'vitest';
import { definitionOf } from '../../../src/cli/migrate/definition.ts';
import { planOf, type AppFacts } from '../../../src/cli/migrate/plan.ts';
import { planView } from '../../../src/cli/migrate/plan-view.ts';
import { parseList, type Pm2App } from '../../../src/cli/migrate/pm2-list.ts';
import { sampleSpec } from '../../lifecycle/sample-spec.ts';

const ENV = {
  exec_mode: 'fork_mode',
  status: 'online',
  namespace: 'default',
  pm_exec_path: '/srv/app.js',
  pm_cwd: '/srv',
  pm_out_log_path: '/logs/api-out.log',
  pm_err_log_path: '/logs/api-error.log',
  exec_interpreter: 'node',
  merge_logs: true,
  env: { PORT: '3000', unique_id: 'b3ad', api: {} },
};
const FACTS: AppFacts = { spec: sampleSpec(), differences: [], isTaken: false, listens: true, obstacle: null };

interface Process {
  readonly name?: string;
  readonly id?: number;
  readonly pid?: number;
  readonly env?: object;
}

const listed = (...processes: Process[]): Pm2App[] =>
  parseList(JSON.stringify(processes.map(({ name = 'api', id = 0, pid = 100, env = {} }) => ({ name, pid, pm_id: id, pm2_env: { ...ENV, ...env } }))));

function planned(apps: readonly Pm2App[], facts: Partial<AppFacts> = {}, noInspector: string | null = null): object {
  const { moves, stays } = planOf(apps, { noInspector, factsOf: () => ({ ...FACTS, ...facts }) });
  return { moves: moves.map(({ app, way, because }) => [app.name, way, because]), stays: stays.map(({ app, because }) => [app.name, because]) };
}

describe('the plan', () => {
  it('hands over what listens', () => {
    expect(planned(listed({}))).toEqual({ moves: [['api', 'hand-over', null]], stays: [] });
    expect(planned(listed({}), { listens: null })).toEqual({ moves: [['api', 'hand-over', null]], stays: [] });
  });

  it('stops first what must not run twice, and what cannot be handed over', () => {
    expect(planned(listed({}), { listens: false })).toEqual({ moves: [['api', 'gap', 'it does not listen, so it may not run twice']], stays: [] });
    expect(planned(listed({}), { obstacle: 'it is not Node.js' })).toEqual({ moves: [['api', 'gap', 'it is not Node.js']], stays: [] });
    expect(planned(listed({}), {}, 'other users')).toEqual({ moves: [['api', 'gap', 'other users']], stays: [] });
  });

  it('only defines what does not run', () => {
    expect(planned(listed({ pid: 0, env: { status: 'stopped' } }))).toEqual({ moves: [['api', 'define', null]], stays: [] });
  });

  it('leaves what lb has, cannot run, or has met in another namespace', () => {
    expect(planned(listed({}), { isTaken: true })).toEqual({ moves: [], stays: [['api', 'lb has an app of this name']] });
    expect(planned(listed({}), { spec: 'no such file' })).toEqual({ moves: [], stays: [['api', 'no such file']] });
    expect(planned(listed({ env: { pmx_module: true } }))).toEqual({ moves: [], stays: [['api', 'it is a module of PM2']] });
    expect(planned(listed({}, { id: 1, env: { namespace: 'b' } }))).toMatchObject({ stays: [['api', expect.stringContaining('another namespace')]] });
    expect(planned(listed({ env: { status: 'launching' } }))).toMatchObject({ stays: [['api', expect.stringContaining('starting')]] });
  });

  it('is shown app by app', () => {
    const plan = planOf(listed({}, { id: 1 }, { name: 'bot', id: 2 }), {
      noInspector: null,
      factsOf: ({ name }) => ({ ...FACTS, listens: name !== 'bot', differences: name === 'bot' ? ['warned'] : [] }),
    });
    expect(planView(plan, { version: '7.0.4', pid: 1, home: '/home/me/.pm2' }, 'pm2-me')).toEqual([
      'PM2 7.0.4 (pid 1, /home/me/.pm2) has 2 apps',
      '  api  moves without losing a request (fork, 2 workers)',
      '  bot  moves with a gap, stopped by PM2 and then started: it does not listen, so it may not run twice (fork, 1 worker)',
      '       warned',
      'when PM2 has no app left, the service pm2-me, which starts it at boot, is replaced by one of lb',
    ]);
  });
});

describe('what PM2 lists', () => {
  it('may stand behind other lines', () => {
    expect(parseList('[PM2] Spawning\n[PM2][WARN] old\n[]')).toEqual([]);
    expect(() => parseList('[PM2] nothing')).toThrow('its answer cannot be read');
  });

  it('has variables of PM2 in the environment', () => {
    expect(listed({}).map(({ env }) => env)).toEqual([{ PORT: '3000' }]);
  });
});

describe('an app of PM2 in the keys of lb', () => {
  const entryOf = (...processes: Process[]): object => listed(...processes).map(definitionOf)[0] ?? {};

  it('keeps its log files, those of several processes by the stem of their names', () => {
    const cluster = { exec_mode: 'cluster_mode', merge_logs: false };
    expect(entryOf({})).toMatchObject({ entry: { out_file: '/logs/api-out.log', merge_logs: true, exec_mode: 'fork' }, differences: [] });
    const both = [0, 1].map((id) => ({ id, env: { ...cluster, pm_out_log_path: `/logs/api-out-${id}.log` } }));
    expect(entryOf(...both)).toMatchObject({ entry: { out_file: '/logs/api-out.log', instances: 2, exec_mode: 'cluster' }, differences: [] });
    const later = [3, 4].map((id) => ({ id, env: { ...cluster, pm_out_log_path: `/logs/api-out-${id}.log` } }));
    expect(entryOf(...later)).toMatchObject({ entry: { out_file: '/logs/api-out.log' }, differences: ['its log files are numbered from 0 (3 -> 0, 4 -> 1)'] });
    expect(entryOf({ env: { pm_out_log_path: 'NULL' } })).toMatchObject({ entry: { out_file: '/dev/null' } });
  });

  it('says what was set, not what PM2 filled in', () => {
    const { entry } =
      listed({ env: { kill_timeout: 3000, args: ['--a', 'b'], node_args: [], watch: false, cron_restart: 0, exec_interpreter: 'python3' } }).map(
        definitionOf,
      )[0] ?? {};
    expect(entry).toMatchObject({ name: 'api', script: '/srv/app.js', cwd: '/srv', kill_timeout: 3000, args: ['--a', 'b'], interpreter: 'python3' });
    expect(Object.keys(entry ?? {})).not.toContain('cron_restart');
    expect(Object.keys(entry ?? {})).not.toContain('node_args');
    expect(Object.keys(entry ?? {})).not.toContain('namespace');
  });
});
