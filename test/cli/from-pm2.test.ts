import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/command-table.ts';
import { pm2Alternative } from '../../src/cli/pm2-habits.ts';
import { flagName, optionNamed } from '../../src/config/options.ts';
import { pm2KeyNames, whyIgnored } from '../../src/config/pm2-keys.ts';

/** The tables of docs/from-pm2.md, written anew by `UPDATE_DOCS=1 npx vitest run test/cli/from-pm2.test.ts`. */
const FILE = new URL('../../docs/from-pm2.md', import.meta.url);

/** The commands in `pm2 --help`. */
const WORDS =
  'start stop restart reload delete del startOrRestart startOrReload startOrGracefulReload scale reset sendSignal kill ping dump save resurrect cleardump update list ls l ps status jlist prettylist describe desc info show id pid env report monit dash imonit slist logs log flush reloadLogs logrotate send attach trigger startup unstartup ecosystem init set get unset multiset conf config completion examples profile:mem profile:cpu inspect deploy pull forward backward create serve expose install uninstall publish package link unlink monitor unmonitor open plus register login logout autoinstall deepUpdate'.split(
    ' ',
  );

/** The keys of an app that PM2 documents. */
const KEYS =
  'script name name_prefix namespace cwd args exec_interpreter interpreter node_args instances exec_mode execute_command env filter_env append_env_to_name instance_var increment_var port out_file error_file log_file merge_logs combine_logs disable_logs log_type log_date_format time pid_file autostart autorestart stop_exit_codes min_uptime max_restarts restart_delay exp_backoff_restart_delay max_memory_restart cron_restart cron wait_ready listen_timeout kill_timeout kill_retry_time shutdown_with_message treekill force watch ignore_watch watch_delay watch_options source_map_support disable_source_map_support uid gid user username windowsHide vizion pmx automation trace disable_trace v8 event_loop_inspector deep_monitoring io post_update install_url write'.split(
    ' ',
  );

const cell = (text: string): string => text.replaceAll('|', '\\|');

function wordRow(word: string): string {
  const command = COMMANDS.find(({ name, aliases }) => name === word || aliases.includes(word));
  if (command !== undefined) return `| \`${word}\` | ${command.name === word ? 'the same' : `the same: \`lb ${command.name}\``} | ${command.summary} |`;
  const instead = pm2Alternative(word);
  if (instead === null) throw new Error(`lb does not answer to "${word}"`);
  return `| \`${word}\` | – | ${cell(instead.replace(/^lb has no "[^"]+": /, ''))} |`;
}

function keyRow(key: string): string {
  const option = optionNamed(key);
  if (option !== undefined) {
    const { key: ours, flags = [], doc } = { ...option, key: option.key };
    return `| \`${key}\` | ${ours === key ? 'the same' : `the same: \`${ours}\``}${flags.length === 0 ? '' : `, \`${flagName(option)}\``} | ${cell(doc)} |`;
  }
  const why = whyIgnored(key);
  if (why === null) throw new Error(`lb does not know the key "${key}"`);
  return `| \`${key}\` | ignored | ${why} |`;
}

it('the page has every word and every key of PM2, as the code treats them', () => {
  const tables: Readonly<Record<string, string>> = {
    words: ['| `pm2 …` | `lb …` | |', '|---|---|---|', ...WORDS.map(wordRow)].join('\n'),
    keys: ['| key | in `lb` | |', '|---|---|---|', ...KEYS.map(keyRow)].join('\n'),
  };
  const text = readFileSync(FILE, 'utf8');
  let updated = text;
  for (const [name, table] of Object.entries(tables)) {
    updated = updated.replace(new RegExp(`<!-- ${name} of PM2 -->[^]*?<!-- end -->`), () => `<!-- ${name} of PM2 -->\n${table}\n<!-- end -->`);
    expect(updated, `the table of ${name} is missing`).toContain(table);
  }
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(FILE, updated);
  else expect(text, 'run UPDATE_DOCS=1 npx vitest run test/cli/from-pm2.test.ts').toBe(updated);
});

it('no key that the code knows of PM2 is missing on the page', () => {
  const known = new Set(KEYS);
  const camel = /[A-Z]/;
  expect(pm2KeyNames().filter((key) => !camel.test(key) && !known.has(key))).toEqual([]);
});
