import { Command } from 'commander';
import { expect, it } from 'vitest';
import { optionFlags } from '../../src/config/flags.ts';

/** What the command line reads: values that were typed, by option key. */
function parse(...argv: string[]): Record<string, unknown> {
  const command = new Command();
  const keys = new Map<string, string>();
  for (const { flags, description, key } of optionFlags()) {
    const option = command.createOption(flags, description);
    command.addOption(option);
    keys.set(option.attributeName(), key);
  }
  command.argument('[target]').argument('[args...]').parse(argv, { from: 'user' });
  const typed = Object.entries(command.opts<Record<string, unknown>>()).filter(([name]) => command.getOptionValueSource(name) === 'cli');
  return Object.fromEntries(typed.map(([name, value]) => [keys.get(name) ?? name, value]));
}

it('gives nothing when nothing was given', () => expect(parse()).toEqual({}));

it.each([
  [['-i', 'max'], { instances: 'max' }],
  [['-i', '-1'], { instances: '-1' }],
  [['-n', 'api', '--cwd', 'dir'], { name: 'api', cwd: 'dir' }],
  [['--node-args', '--inspect --no-warnings'], { node_args: '--inspect --no-warnings' }],
  [['--interpreter-args', '--inspect'], { node_args: '--inspect' }],
  [['--wait-ready', '-k', '5s'], { wait_ready: true, kill_timeout: '5s' }],
  [['--no-autorestart'], { autorestart: false }],
  [['--merge-logs'], { merge_logs: true }],
  [['--no-merge-logs'], { merge_logs: false }],
  [['-o', 'out.log', '-e', 'err.log'], { out_file: 'out.log', error_file: 'err.log' }],
  [['--env-file', '.env', '--max-memory-restart', '300M'], { env_file: '.env', max_memory_restart: '300M' }],
  [['--stop-exit-codes', '0,143', 'app.js'], { stop_exit_codes: '0,143' }],
])('reads %j', (argv, expected) => expect(parse(...argv)).toEqual(expected));

it('describes every flag, with its default where that is a number', () => {
  const described = Object.fromEntries(optionFlags().map(({ flags, description }) => [flags, description]));
  expect(described['-k, --kill-timeout <time>']).toBe('time a worker has to finish its requests and exit before SIGKILL (default: 30s)');
  expect(described['--no-autorestart']).toBe('do not restart a worker that exits on its own');
  expect(described['--no-merge-logs']).toBe('opposite of --merge-logs');
  expect(described['--interpreter-args <args>']).toBe('same as --node-args');
});
