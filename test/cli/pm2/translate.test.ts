import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandNamed } from '../../../src/cli/command-table.ts';
import { GLOBAL_OPTIONS } from '../../../src/cli/command.ts';
import { pm2FlagAlternative } from '../../../src/cli/pm2-habits.ts';
import { PM2_FLAGS, REPLACING } from '../../../src/cli/pm2/flags.ts';
import { translate } from '../../../src/cli/pm2/translate.ts';
import { LbError } from '../../../src/errors/lb-error.ts';

const words = (line: string): string[] => line.split(' ').filter(Boolean);
const argv = (line: string): string => translate(words(line)).argv.join(' ');

function refusal(line: string): string {
  try {
    return `no refusal: ${argv(line)}`;
  } catch (error) {
    const { code, message, hint } = LbError.from(error);
    return `${code}: ${message}; ${hint}`;
  }
}

describe('a command line of PM2', () => {
  it.each([
    ['start server.js', 'start --reload server.js'],
    ['start server.js -i max --name api -- --port 80 -n x', 'start --reload server.js --instances max --name api -- --port 80 -n x'],
    ['--name api start server.js', 'start --reload --name api server.js'],
    ['start npm --name=web -- start', 'start --reload npm --name=web -- start'],
    ['start ecosystem.config.js --only api --env production', 'start --reload ecosystem.config.js --only api --env production'],
    ['start', 'start --reload'],
    ['start app.py -x --interpreter python3', 'start --reload app.py --exec-mode fork --interpreter python3'],
    ['start a.js --watch lib --ignore-watch tmp', 'start --reload a.js --watch lib --ignore-watch tmp'],
    ['start a.js --no-pmx --no-vizion --trace --hp /root', 'start --reload a.js'],
    ['start a.js -f --no-daemon', 'start --reload a.js --force --no-daemon'],
    ['start a.js --balance least-connections', 'start --reload a.js --balance least-connections'],
    ['restart all', 'reload all'],
    ['restart api -a', 'reload api --update-env'],
    ['reload api --parallel 2 -f', 'reload api --parallel 2'],
    ['gracefulReload 0', 'gracefulReload 0'],
    ['startOrRestart eco.config.js --env prod', 'startOrReload eco.config.js --env prod'],
    ['startOrReload eco.config.js', 'startOrReload eco.config.js'],
    ['-s jlist', 'jlist --silent'],
    ['jlist --name ignored', 'jlist'],
    ['list --watch', 'list --watch'],
    ['ls -m --sort memory:desc', 'ls --mini-list --sort memory:desc'],
    ['logs api --lines 50 --nostream --err', 'logs api --lines 50 --nostream --err'],
    ['scale api -1', 'scale api -1'],
    ['stop api worker -s', 'stop api worker --silent'],
    ['delete all --no-color', 'delete all --no-color'],
    ['sendSignal SIGUSR2 api', 'sendSignal SIGUSR2 api'],
    ['save --force', 'save'],
    ['kill --yes', 'kill'],
    ['-y update', 'update'],
    ['unstartup systemd -y', 'unstartup systemd --yes'],
    ['startup systemd -u deploy --hp /home/deploy', 'startup --yes systemd --account deploy'],
    ['startup --user=deploy', 'startup --yes --account=deploy'],
    ['dash', 'monit'],
    ['deploy production', 'deploy production'],
    ['-v', '-v'],
    ['--version', '--version'],
  ])('%s', (line, expected) => expect(argv(line)).toBe(expected));

  it.each([
    ['kill', /it needs --yes; if that is meant: lb-pm2 kill --yes/],
    ['-s update', /replaces the daemon and all primaries .* lb-pm2 update --yes/],
    ['updatePM2', /lb-pm2 updatePM2 --yes/],
    ['unstartup systemd', /removes the service .* lb-pm2 unstartup --yes/],
    ['restart api -i 4', /"restart" leaves the settings of an app as they are, and "-i" would change one; .*lb-pm2 restart <file>/],
    ['reload eco.config.js --kill-timeout=9', /"--kill-timeout=9" would change one/],
    ['stop api --watch', /"stop" leaves/],
  ])('%s is refused, with what to do', (line, text) => {
    expect(refusal(line)).toMatch(/^LB_ERR_USAGE: /);
    expect(refusal(line)).toMatch(text);
  });

  it.each([
    ['jlist prettylist id pid env list ls l ps status describe show info desc logs log monit ping report -v', true],
    ['start stop restart reload gracefulReload startOrRestart startOrReload startOrGracefulReload delete del scale reset sendSignal', false],
    ['flush reloadLogs save dump resurrect cleardump startup init ecosystem', false],
  ])('of %s: scripts read what it prints: %s', (list, isAnswer) => {
    for (const word of words(list)) expect([word, translate([word]).isAnswer]).toEqual([word, isAnswer]);
  });

  it('prints what the apps print, where it goes on to do that', () => {
    expect([translate(words('start a.js --attach')).isAnswer, translate(words('start a.js --no-daemon')).isAnswer]).toEqual([true, true]);
  });
});

describe('flags', () => {
  const flags = [...PM2_FLAGS];
  const SAFE = ['start', 'list', 'jlist', 'delete', 'logs', 'save', 'id', 'scale', 'flush'];
  const flag = fc.constantFrom(...flags).map(([name, { value }]) => (value === 'required' ? [name, 'value'] : [name]));
  const operand = fc.stringMatching(/^[a-z][a-z0-9./]{0,8}$/);

  it.each(flags)('%s is known to every command that it is passed on to', async (_, { as, passedTo, name }) => {
    const passed = passedTo === 'all' ? SAFE : passedTo;
    for (const word of passed) {
      const target = commandNamed(translate([word, '--yes']).argv[0] ?? '');
      const known = [...((await target?.load())?.options ?? []), ...GLOBAL_OPTIONS].flatMap((each) => each.flags.match(/--?[\w-]+/g) ?? []);
      if (pm2FlagAlternative(name) === null) expect([word, known]).toEqual([word, expect.arrayContaining([as[0]])]);
    }
  });

  it('may stand anywhere, and what follows "--" is never touched', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SAFE), fc.array(flag, { maxLength: 4 }), operand, fc.array(fc.string(), { maxLength: 3 }), (word, given, app, rest) => {
        const tail = ['--', ...rest];
        // What may take the next word takes it.
        fc.pre(given.every(([name = '']) => PM2_FLAGS.get(name)?.value !== 'optional'));
        const after = translate([word, ...given.flat(), app, ...tail]);
        const before = translate([...given.flat(), word, app, ...tail]);
        expect(before).toEqual(after);
        expect(after.argv.slice(-tail.length)).toEqual(tail);
        expect(after.argv).toContain(app);
      }),
    );
  });

  it('of an app are passed on by start, refused where an app would change, and dropped elsewhere: none gets lost', () => {
    for (const [name, { isSetting, value }] of flags.filter(([, each]) => each.isSetting)) {
      const given = value === 'required' ? `${name} 5` : name;
      expect(argv(`start a.js ${given}`)).not.toBe('start --reload a.js');
      for (const word of [...REPLACING, 'stop']) expect(refusal(`${word} a ${given}`)).toContain(`"${name}" would change one`);
      expect([isSetting, argv(`jlist ${given}`)]).toEqual([true, 'jlist']);
    }
  });
});
