import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { startupOn } from '../../../src/cli/commands/startup.ts';
import { unstartupOn } from '../../../src/cli/commands/unstartup.ts';
import { createContext, type Options } from '../../../src/cli/context.ts';
import { homePaths } from '../../../src/system/paths.ts';
import { terminalOutput } from '../../../src/system/terminal-output.ts';
import type { ServiceHost } from '../../../src/cli/startup/service-host.ts';
import { LbError } from '../../../src/errors/lb-error.ts';
import { FakeHost } from '../fake-host.ts';
import { daemon, lb, work } from './daemon.ts';

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly error: LbError | null;
}

async function run(
  host: ServiceHost,
  options: Options,
  command: 'startup' | 'unstartup' = 'startup',
  args: readonly string[] = [],
  more: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  let [out, err] = ['', ''];
  const sink = (take: (text: string) => void) => terminalOutput({ write: (text: string) => (take(text), true), once: () => {} });
  const io = {
    stdout: sink((text) => (out += text)),
    stderr: sink((text) => (err += text)),
    env: { HOME: work, LB_HOME: daemon.home, ...more },
    cwd: work,
    readStdin: () => Promise.resolve(''),
    ask: null,
    onInterrupt: () => () => {},
  };
  const place = { home: daemon.home, address: homePaths(daemon.home), madeBecause: null };
  const context = await createContext(io, command, { args, options, appArgs: [] }, [command, ...args], place);
  const { run: execute } = command === 'startup' ? startupOn(host) : unstartupOn(host);
  try {
    return { code: await execute(context), out, err, error: null };
  } catch (error) {
    return { code: null, out, err, error: LbError.from(error) };
  }
}

const me = userInfo().username;
const UNIT = `/units/lb-${me}.service`;
/** The machine as root sees it, whose apps are those of whoever runs this test. */
const asRoot = { account: me };

describe('lb startup', () => {
  it('prints the unit and changes nothing, until --yes', async () => {
    const host = new FakeHost();
    host.uid = 0;
    const shown = await run(host, asRoot);
    expect(shown.out).toContain(`User=${me}`);
    expect(shown.err).toBe(`nothing was changed; to write this to ${UNIT}, enable and start it, run it again with --yes\n`);
    expect([host.files.size, host.ran]).toEqual([0, []]);

    const done = await run(host, { ...asRoot, yes: true });
    expect(done).toMatchObject({ code: 0, out: `${UNIT} was written; lb-${me} is running, and starts at boot\n` });
    expect(host.files.get(UNIT)).toBe(shown.out);
    expect(host.ran.slice(-3)).toEqual(['systemctl daemon-reload', `systemctl enable lb-${me}`, `systemctl start lb-${me}`]);
  });

  it('names the command for root', async () => {
    const host = new FakeHost();
    host.uid = 12_345;
    const shown = await run(host, asRoot, 'startup', [], { LB_HOME: daemon.home });
    expect(shown.err).toMatch(new RegExp(`run: sudo env LB_HOME=${daemon.home} /\\S+ /\\S+ startup -u ${me} --yes\n`));
    const { error } = await run(host, { ...asRoot, yes: true });
    expect(error).toMatchObject({ code: 'LB_ERR_SERVICE', message: `the service lb-${me} was not installed: only root may change ${UNIT}` });
    expect(error?.hint).toContain('run: sudo env LB_HOME=');
    expect(host.files.size).toBe(0);
  });

  it('of the user needs no root, and says what linger is for', async () => {
    const host = new FakeHost();
    host.uid = 12_345;
    host.fails = /linger/;
    const { code, err } = await run(host, { ofUser: true, yes: true });
    expect(code).toBe(0);
    expect([...host.files.keys()]).toEqual([join(work, '.config/systemd/user/lb.service')]);
    expect(host.ran.at(-2)).toBe('systemctl --user start lb');
    expect(err).toContain('"loginctl enable-linger"');
  });

  it('runs the apps of a file in a service of their own', async () => {
    writeFileSync(join(work, 'lb.config.js'), 'module.exports = { apps: [{ name: "the api", script: "a.js" }] };');
    const { out } = await run(new FakeHost(), { ...asRoot, app: 'lb.config.js', envName: 'production', print: true });
    expect(out).toContain(` run ${work}/lb.config.js --env production\n`);
    expect(out).toContain('Environment="LB_HOME=%S/lb-run-the-api"');
  });

  it.each([
    ['another init', {}, ['openrc'], 'lb writes services for systemd, not for "openrc"'],
    ['no such user', { account: 'nobody-here' }, [], 'no user named "nobody-here" on this machine'],
    ['no config file', { ...asRoot, app: 'a.js' }, [], '--app needs a config file, got "a.js"; "lb init" writes one'],
    ['a selection of nothing', { ...asRoot, only: 'a' }, [], '--only and --env need --app <file>'],
    ['a name that is none', { ...asRoot, serviceName: 'a/b' }, [], '--service-name: expected letters'],
    ['two owners', { ...asRoot, ofUser: true }, [], '--user is for your own services'],
  ])('refuses %s', async (_, options, args, message) => {
    const host = new FakeHost();
    const { error } = await run(host, options, 'startup', args);
    expect(error?.code).toBe('LB_ERR_USAGE');
    expect(error?.message).toContain(message);
    expect(host.ran).toEqual([]);
  });

  it('asks root under sudo whose apps it means', async () => {
    const host = new FakeHost();
    host.uid = 0;
    expect((await run(host, {}, 'startup', [], { SUDO_USER: 'deploy' })).error?.message).toContain('Add "-u deploy"');
  });

  it('says what to do without systemd; --print prints all the same', async () => {
    const host = new FakeHost();
    host.booted = false;
    const { error } = await run(host, { ...asRoot, yes: true });
    expect(error?.message).toBe('this machine does not run systemd (its first process is tini), so there is no service to write');
    expect(error?.hint).toContain('make "lb run <file>" its command');
    expect((await run(host, { ...asRoot, print: true })).out).toContain('[Service]');
  });

  it.each([
    ['an old systemd', '245', /^$/, 'it needs systemd 246 or newer, this is 245', 0],
    ['no systemd-notify', '252', /notify/, 'it needs systemd-notify, by which lb says when it is ready', 0],
    ['a start that fails', '252', /start/, `systemctl start lb-${me}: Job failed.`, 1],
  ])('reports %s', async (_, version, fails, reason, files) => {
    const host = new FakeHost();
    Object.assign(host, { uid: 0, version, fails });
    const { error } = await run(host, { ...asRoot, yes: true });
    expect(error?.message).toContain(reason);
    expect(host.files.size).toBe(files);
  });

  it('leaves a unit alone that somebody else wrote', async () => {
    const host = new FakeHost();
    host.uid = 0;
    host.files.set(UNIT, '[Service]\n');
    for (const command of ['startup', 'unstartup'] as const)
      expect((await run(host, { ...asRoot, yes: true }, command)).error?.message).toContain(`lb did not write ${UNIT}`);
    expect(host.files.get(UNIT)).toBe('[Service]\n');
  });

  it('is a command', async () => {
    expect((await lb(`startup --print -u ${me}`)).out).toContain('Type=notify');
    // This machine may run systemd or not.
    const { code, err } = await lb('startup');
    expect(`${code} ${err}`).toMatch(/^(0 nothing was changed|1 error: this machine does not run systemd)/);
  });
});

describe('lb unstartup', () => {
  it('removes the unit, with --yes, and stops nothing', async () => {
    const host = new FakeHost();
    host.uid = 0;
    await run(host, { ...asRoot, yes: true });
    host.ran.length = 0;
    expect((await run(host, asRoot, 'unstartup')).err).toContain('nothing was changed; to disable');
    expect(host.ran).toEqual([]);
    expect((await run(host, { ...asRoot, yes: true }, 'unstartup')).code).toBe(0);
    expect(host.ran).toEqual([`systemctl disable lb-${me}`, 'systemctl daemon-reload']);
    expect(host.files.size).toBe(0);
  });

  it('is a command', async () => {
    const { code, err } = await lb('unstartup');
    expect(`${code} ${err}`).toMatch(/^(0 nothing|1 error: this machine does not run systemd)/);
  });

  it('is done when there is none', async () => {
    expect(await run(new FakeHost(), { ...asRoot, yes: true }, 'unstartup')).toMatchObject({ code: 0, err: `nothing to remove: there is no ${UNIT}\n` });
  });
});
