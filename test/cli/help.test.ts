import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMMANDS, commandNamed } from '../../src/cli/command-table.ts';
import { optionFlags } from '../../src/config/index.ts';
import { lb } from './run.ts';

const home = '/nonexistent';
const fromConfig = new Set(optionFlags().map(({ flags }) => flags));

describe('help', () => {
  it('of lb', async () => {
    const { code, out, err } = await lb(['--help'], { home });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatchSnapshot();
    expect((await lb([], { home })).out).toBe(out);
  });

  it.each(COMMANDS.filter(({ name }) => name !== 'start' && name !== 'run'))('of $name', async ({ name }) => {
    const { code, out } = await lb([name, '--help'], { home });
    expect(code).toBe(0);
    expect(out).toMatchSnapshot();
    expect((await lb(['help', name], { home })).out).toBe(out);
  });

  it.each(['start', 'run'])('of %s names every flag of the option table', async (name) => {
    const { out } = await lb([name, '-h'], { home });
    for (const flags of fromConfig) expect(out).toContain(flags);
  });
});

describe('the command line', () => {
  it('has no name or alias twice', () => {
    const words = COMMANDS.flatMap(({ name, aliases }) => [name, ...aliases]);
    expect(new Set(words).size).toBe(words.length);
    for (const word of words) expect(commandNamed(word)).toBeDefined();
  });

  it('has no flag twice in a command', async () => {
    for (const { name, load } of COMMANDS) {
      const flags = (await load()).options.flatMap((option) => option.flags.match(/--?[\w-]+/g) ?? []);
      expect(new Set(flags).size, name).toBe(flags.length);
    }
  });

  it('prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
    expect(await lb(['--version'], { home })).toEqual({ code: 0, out: `${version}\n`, err: '' });
    expect((await lb(['-v'], { home })).out).toBe(`${version}\n`);
  });

  it.each([
    [['ls', '--jsno'], "unknown option '--jsno'"],
    [['lsit'], "unknown command 'lsit' (Did you mean list?)"],
    [['jlist'], '"lb list --json" prints the apps as JSON'],
    [['prettylist'], '"lb list --json" prints the apps as JSON'],
    [['start', 'x.js', '--no-daemon', 'y.js'], 'one target runs in the foreground, got 2'],
    [['list', '--jsno'], "unknown option '--jsno' (Did you mean --json?)"],
    [['show'], "missing required argument 'app'"],
    [['list', 'api'], 'too many arguments'],
    [['reload', 'api', '--parallel', '0'], 'expected a whole number of at least 1'],
    [['reload', 'api', '--on-failure', 'cry'], 'Allowed choices are rollback, pause, continue'],
    [['reload', 'api', '--monitor', 'soon'], 'expected a duration such as 500ms, 10s or 1m'],
    [['logs', '--err', '--out'], '--out and --err exclude each other'],
    [['dashboard', '--host', ''], "option '--host <address>' argument '' is invalid. expected a value, got an empty one"],
    [['dashboard', '--host', ' '], 'got an empty one'],
    [['dashboard', '--host=\t'], 'got an empty one'],
    [['metrics', '--listen', ''], 'expected a port, host:port, or off'],
    [['profile', 'api', '--heap', '-o', ''], 'got an empty one'],
    [['reload', 'lb.config.js', '--env', ''], 'got an empty one'],
    [['start', 'lb.config.js', '--only', ''], 'got an empty one'],
    [['show', ''], "argument 'app'. expected a value, got an empty one"],
    [['stop', 'api', ' '], 'got an empty one'],
  ])('%j is a usage error', async (argv, problem) => {
    const { code, out, err } = await lb(argv, { home });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(problem);
    const name = commandNamed(argv[0] ?? '')?.name;
    expect(err).toContain(`hint: run "lb ${name === undefined ? '' : `${name} `}--help"\n`);
  });

  it('advises something else where there is no terminal', async () => {
    expect(await lb(['monit'], { home })).toEqual({
      code: 2,
      out: '',
      err: 'error: "lb monit" needs a terminal for its screen and its keys\nhint: "lb monit --once" prints one frame anywhere\n',
    });
  });

  it('prints usage errors as a record with --json', async () => {
    const { out } = await lb(['stop', '--json'], { home });
    expect(JSON.parse(out)).toMatchObject({ type: 'result', ok: false, error: { code: 'LB_ERR_USAGE', hint: 'run "lb stop --help"' } });
  });
});
