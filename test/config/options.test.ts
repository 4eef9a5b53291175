import { describe, expect, expectTypeOf, it } from 'vitest';
import type { AppConfig } from '../../src/config/define-config.ts';
import { DEFAULTS, OPTION_LIST, camelCase, namesOf, type OptionKey } from '../../src/config/options.ts';
import { GROUPS } from '../../src/config/options/option.ts';
import { ignoredPm2Keys } from '../../src/config/pm2-keys.ts';

/** What issue and PM2 files need at least. */
const NEEDED =
  'name script args cwd instances exec_mode ipc env umask node_args interpreter uid gid wait_ready listen_timeout kill_timeout drain_idle max_draining overlap shutdown_with_message max_memory_restart min_uptime max_restarts exp_backoff_restart_delay restart_delay autorestart stop_exit_codes out_file error_file merge_logs instance_var port env_file log_type log_max_size log_keep balance hand_off_share weights backup max_conns max_queue slow_start ip_hash_prefix_v4 ip_hash_prefix_v6 proxy_protocol proxy_protocol_from health ejection canary hang_timeout health_port ready_min prom_client drain_delay stop_grace max_requests max_lifetime recycle_jitter max_memory_kill on_event scale increment_var socket ready_when own_primary treekill kill_signal autostart cron_restart cron_timezone namespace append_env_to_name pid_file filter_env source_map_support disable_source_map_support log_file disable_logs log_date_format time watch ignore_watch watch_delay watch_options depends_on before_reload';

describe('the option table', () => {
  it('has every option', () => {
    expect(OPTION_LIST.map(({ key }) => key).sort()).toEqual(NEEDED.split(' ').sort());
  });

  it('gives every name to one option only', () => {
    const names = [...OPTION_LIST.flatMap(namesOf), ...new Set(ignoredPm2Keys().flatMap((key) => [key, camelCase(key)]))];
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('gives every flag to one option only', () => {
    const flags = OPTION_LIST.flatMap(({ flags: own = [] }) => own).flatMap((flag) => flag.match(/--?[a-z][\w-]*/g) ?? []);
    expect(flags.filter((flag, index) => flags.indexOf(flag) !== index)).toEqual([]);
  });

  it.each(OPTION_LIST.map((entry) => [entry.key, entry] as const))('%s is documented, and its default passes its own check', (_, entry) => {
    expect(GROUPS).toContain(entry.group);
    expect(entry.doc).toMatch(/^[a-zA-Z`].*[^.]$/);
    expect(entry.notes ?? '.').toMatch(/\.$/);
    if (entry.default === undefined) return expect(entry.defaultText).toBeDefined();
    if (entry.default === null) return expect([entry.kind.parse(0), entry.kind.parse(false)]).toContainEqual({ value: null });
    expect(entry.kind.parse(entry.default)).toEqual({ value: entry.default });
    expect(entry.check?.(entry.default)).toBeUndefined();
  });

  it('has the defaults of the design', () => {
    expect(DEFAULTS).toMatchObject({ instances: 1, listen_timeout: 30_000, kill_timeout: 30_000, min_uptime: 1_000, max_restarts: 16 });
    expect(DEFAULTS).toMatchObject({ exp_backoff_restart_delay: 100, merge_logs: true, log_max_size: 10 * 1024 ** 2, log_keep: 5 });
  });

  it('has a typed key for every option', () => {
    expectTypeOf<OptionKey>().toExtend<keyof AppConfig>();
    expectTypeOf<'kill_timeout' | 'killTimeout' | 'maxMemoryRestart' | `env_${string}`>().toExtend<keyof AppConfig>();
  });
});
