import { describe, expect, it } from 'vitest';
import { readApp, readFlags, withDefaults } from '../../src/config/read-values.ts';

const read = (raw: Record<string, unknown>): ReturnType<typeof readApp> => readApp(raw, 'lb.config.js', 'apps[0]');
const messages = (raw: Record<string, unknown>): string[] => read(raw).problems.map(({ message }) => message);

describe('values', () => {
  it.each([
    [{ instances: 'max' }, { instances: 'max' }],
    [{ instances: 0 }, { instances: 'max' }],
    [{ instances: '4' }, { instances: 4 }],
    [{ instances: -1 }, { instances: -1 }],
    [{ kill_timeout: '5s' }, { kill_timeout: 5_000 }],
    [{ killTimeout: 1600 }, { kill_timeout: 1_600 }],
    [{ max_memory_restart: '1G' }, { max_memory_restart: 1024 ** 3 }],
    [{ max_memory_restart: 0 }, { max_memory_restart: null }],
    [{ restart_delay: 0 }, { restart_delay: null }],
    [{ restart_delay: '250ms' }, { restart_delay: 250 }],
    [{ args: '--name "my app" 1' }, { args: ['--name', 'my app', '1'] }],
    [{ args: ['a b', 3] }, { args: ['a b', '3'] }],
    [{ interpreterArgs: '--inspect' }, { node_args: ['--inspect'] }],
    [{ exec: 'a.js' }, { script: 'a.js' }],
    [{ cmd: 'a.js' }, { script: 'a.js' }],
    [
      { out: 'NULL', err: '/dev/null' },
      { out_file: null, error_file: null },
    ],
    [
      { out_file: null, error_file: false },
      { out_file: null, error_file: null },
    ],
    [{ combine_logs: true }, { merge_logs: true }],
    [{ stop_exit_codes: 0 }, { stop_exit_codes: [0] }],
    [{ stop_exit_codes: '0, 143 0' }, { stop_exit_codes: [0, 143] }],
    [{ exec_mode: 'fork' }, { exec_mode: 'fork' }],
    [{ wait_ready: 'true' }, { wait_ready: true }],
    [{ kill_timeout: undefined, port: null }, {}],
  ])('reads %j', (raw, values) => expect(read(raw)).toMatchObject({ values, problems: [], warnings: [] }));

  it('reads variables as PM2 does: objects as JSON, undefined not at all; null takes one away', () => {
    const { values } = read({ env: { PORT: 3000, ON: true, O: { a: [1] }, NOT: undefined, GONE: null } });
    const expected = { PORT: '3000', ON: 'true', O: '{"a":[1]}', GONE: null };
    expect(Object.fromEntries(values.env ?? [])).toEqual(expected);
  });

  it('reads env as the text of a dotenv file', () => {
    expect(Object.fromEntries(read({ env: 'A=1\nB="two words"' }).values.env ?? [])).toEqual({ A: '1', B: 'two words' });
  });

  it('keeps env_<name> apart, but not env_file', () => {
    const { profiles, values } = read({ env_production: { A: 1 }, env_file: '.env' });
    expect([...profiles.keys()]).toEqual(['production']);
    expect(values.env_file).toBe('.env');
  });
});

describe('wrong values', () => {
  const at = (path: string, text: string): string => `lb.config.js: apps[0].${path}: ${text}`;
  it.each<[Record<string, unknown>, string]>([
    [{ instances: 'lots' }, at('instances', 'expected a number of workers (up to 1024), "max", or a negative number for all CPUs but n, got "lots"')],
    [{ instances: 1.5 }, at('instances', 'expected a number of workers (up to 1024), "max", or a negative number for all CPUs but n, got 1.5')],
    [{ killTimeout: 'soon' }, at('killTimeout', 'expected a duration (a number of milliseconds, or "500ms", "10s", "1m", "1h"), got "soon"')],
    [{ kill_timeout: '30d' }, at('kill_timeout', 'expected a duration of at most 24d, got "30d"')],
    [{ listen_timeout: 0 }, at('listen_timeout', 'expected a duration above 0, got 0')],
    [{ max_memory_restart: '300 megs' }, at('max_memory_restart', 'expected a size ("300M", "1G", "512K", or a number of bytes), got "300 megs"')],
    [{ max_memory_restart: 300 }, at('max_memory_restart', 'expected a size of at least 1M (a number alone is bytes), got 300')],
    [{ wait_ready: 'yes' }, at('wait_ready', 'expected true or false, got "yes"')],
    [{ max_restarts: -1 }, at('max_restarts', 'expected a whole number, 0 or more, got -1')],
    [{ port: 70_000 }, at('port', 'expected a whole number from 0 to 65535, got 70000')],
    [{ args: ['a', {}] }, at('args[1]', 'expected a string, got an object')],
    [{ args: 'a "b' }, at('args', 'expected a string with every quote closed, got "a \\"b"')],
    [{ stop_exit_codes: [0, 300] }, at('stop_exit_codes[1]', 'expected whole numbers from 0 to 255, got 300')],
    [{ env: [] }, at('env', 'expected an object of variables, got an empty array')],
    [{ env_test: { F: () => 1 } }, at('env_test.F', 'expected a string, number, boolean, object or null, got a function')],
    [{ exec_mode: 'thread' }, at('exec_mode', 'expected one of cluster, cluster_mode, fork, fork_mode, got "thread"')],
    [{ script: '' }, at('script', 'expected a path, got an empty string')],
    [{ script: 'a\0b' }, at('script', 'expected a path, got "a\\u0000b"')],
    [
      { name: 'my,app' },
      at(
        'name',
        'expected a name of letters, digits, emoji, single blanks inside and any of . _ - @ / : ( ) [ ] + # & = ~ ! (first a letter, digit, emoji, @, _, ( or [; at most 64 characters and 128 bytes), got "my,app"',
      ),
    ],
    [{ name: 'all' }, at('name', 'expected a name other than "all", which stands for every app, got "all"')],
    [{ instance_var: 'A=B' }, at('instance_var', 'expected the name of an environment variable, got "A=B"')],
    [{ instnaces: 2 }, at('instnaces', 'unknown option "instnaces", did you mean "instances"?')],
    [{ quux: 2 }, at('quux', 'unknown option "quux"')],
  ])('%j', (raw, message) => expect(messages(raw)).toEqual([message]));

  it('finds all of them', () => expect(messages({ instances: 'x', port: 'y', foo: 1 })).toHaveLength(3));

  it('names flags as they were typed', () => {
    const [problem] = readFlags({ instances: 'lots' }).problems;
    expect(problem?.details).toMatchObject({ file: 'command line', path: '--instances', got: '"lots"' });
  });

  it('takes nothing from prototypes', () => {
    expect(messages(JSON.parse('{"__proto__": {"script": "a.js"}, "constructor": 1}') as Record<string, unknown>)).toHaveLength(2);
    const { values } = read({ env: JSON.parse('{"__proto__": "x"}') as unknown });
    expect([...(values.env ?? [])]).toEqual([['__proto__', 'x']]);
  });
});

describe("PM2's other keys", () => {
  it('says nothing about those that are switched off, are the default, mean nothing here or are not needed', () => {
    const off = { watch: false, ignore_watch: [], cron_restart: 0, namespace: 'default', log_file: '/dev/null', time: false };
    const meaningless = { autostart: true, vizion: false, pmx: true, windowsHide: true, kill_retry_time: 100, post_update: ['x'], force: true };
    expect(read({ script: 'a.js', ...off, ...meaningless })).toMatchObject({ warnings: [], problems: [] });
  });

  it('says which of two names for one option counts', () => {
    const { values, warnings } = read({ output: 'b.log', out_file: 'a.log' });
    expect(values.out_file).toBe('a.log');
    expect(warnings).toEqual(['lb.config.js: apps[0].output: ignored, because "out_file" is given too']);
  });
});

describe('a file of PM2', () => {
  const lenient = (raw: Record<string, unknown>): ReturnType<typeof readApp> => readApp(raw, 'ecosystem.config.js', 'apps[0]', true);

  it('may have keys that nobody knows: they are ignored, with the nearest name', () => {
    const { problems, warnings } = lenient({ script: 'a.js', instance: 2, max_size: '10M', deploy: {}, autorestrat: false });
    expect(problems).toEqual([]);
    expect(warnings).toEqual([
      'ecosystem.config.js: apps[0]: unknown and ignored: instance (did you mean "instances"?), max_size, deploy, autorestrat (did you mean "autorestart"?)',
    ]);
  });

  it('may have empty strings for what is not set', () => {
    const { problems, values } = lenient({ script: 'a.js', cwd: '', node_args: '', max_memory_restart: '', cron_restart: '', name: '', port: '' });
    expect(problems).toEqual([]);
    expect(values).toEqual({ script: 'a.js' });
    expect(read({ cwd: '' }).problems).toHaveLength(1);
  });
});

it('what all apps have stands under what an app has itself; variables are merged one by one', () => {
  const defaults = readApp({ instances: 2, env: { A: 1, B: 1 }, env_x: { C: 1 } }, 'lb.config.js', 'defaults');
  const { values, profiles, origins } = withDefaults(defaults, read({ script: 'a.js', env: { B: 2 }, env_x: { D: 2 } }));
  expect(values).toMatchObject({
    script: 'a.js',
    instances: 2,
    env: new Map([
      ['A', '1'],
      ['B', '2'],
    ]),
  });
  expect(profiles.get('x')).toEqual(
    new Map([
      ['C', '1'],
      ['D', '2'],
    ]),
  );
  expect(origins.get('instances')).toEqual({ file: 'lb.config.js', path: 'defaults.instances' });
});
