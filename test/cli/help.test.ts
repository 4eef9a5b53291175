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
    [['ls', '--jsno'], 'unknown option "--jsno", did you mean "--json"?\n'],
    [['list', '--jsno=1'], 'unknown option "--jsno", did you mean "--json"?\n'],
    [['list', '--quiet'], 'unknown option "--quiet"\n'],
    [['--verison'], 'unknown option "--verison", did you mean "--version"?\n'],
    [['lsit'], 'unknown command "lsit", did you mean "list"?\n'],
    [['lsit', '--help'], 'unknown command "lsit", did you mean "list"?\n'],
    [['nonsense'], 'unknown command "nonsense"\n'],
    [['nonsense', '-h'], 'unknown command "nonsense"\n'],
    [['serve', '--help'], 'lb has no "serve": lb serves no files'],
    [['help', 'lsit'], 'unknown command "lsit", did you mean "list"?\n'],
    [['module:install', 'pm2-logrotate'], 'lb has no "module:install": lb has no modules; log rotation'],
    [['deploy'], 'lb has no "deploy": let your CI or git update the files'],
    [['start', 'x.js', '--no-daemon', 'y.js'], 'expected one target to run in the foreground, got 2'],
    [['show'], 'missing <app>; usage: lb show [options] <app>\n'],
    [['list', 'api'], 'too many arguments; usage: lb list [options]\n'],
    [['logs', '--lines'], 'option "-n, --lines <n>" needs a value\n'],
    [['reload', 'api', '--parallel', '0'], '--parallel <n>: expected a whole number of at least 1, got "0"\n'],
    [['reload', 'api', '--on-failure', 'cry'], '--on-failure <what>: expected one of rollback, pause, continue, got "cry"\n'],
    [['reload', 'api', '--monitor', 'soon'], '--monitor <duration>: expected a duration such as 500ms, 10s or 1m, got "soon"\n'],
    [['logs', '--err', '--out'], '--out and --err cannot be combined'],
    [['dashboard', '--host', ''], '--host <address>: expected a value, got ""\n'],
    [['dashboard', '--host', ' '], 'expected a value, got " "\n'],
    [['dashboard', '--host=\t'], 'expected a value, got "\t"\n'],
    [['metrics', '--listen', ''], '--listen <address>: expected a port, host:port, or off, got ""\n'],
    [['profile', 'api', '--heap', '-o', ''], 'expected a value, got ""\n'],
    [['reload', 'lb.config.js', '--env', ''], 'expected a value, got ""\n'],
    [['start', 'lb.config.js', '--only', ''], 'expected a value, got ""\n'],
    [['show', ''], '<app>: expected a value, got ""\n'],
    [['stop', 'api', ' '], '<targets...>: expected a value, got " "\n'],
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
      err: 'error: "lb monit" needs a terminal\nhint: run "lb monit --once" to print one frame without a terminal\n',
    });
  });

  it('prints usage errors as a record with --json', async () => {
    const { out } = await lb(['stop', '--json'], { home });
    expect(JSON.parse(out)).toMatchObject({ type: 'result', ok: false, error: { code: 'LB_ERR_USAGE', hint: 'run "lb stop --help"' } });
  });
});
