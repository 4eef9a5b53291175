import { envFilter } from '../extra-kinds.ts';
import * as kinds from '../kinds.ts';
import { option, withDefault } from './option.ts';

/** How an app is found and named, and what it inherits. */
export const EXTRA_OPTIONS = {
  namespace: withDefault({
    group: 'App',
    kind: kinds.string,
    flags: ['--namespace <name>'],
    default: 'default',
    doc: 'group of the app: commands accept it instead of names',
    notes: 'An app of that name comes first. `lb list` shows it if an app has one.',
  }),
  append_env_to_name: withDefault({
    group: 'App',
    kind: kinds.boolean,
    default: false,
    doc: 'with `--env staging`, name the app `api-staging`',
  }),
  pid_file: option({
    group: 'App',
    kind: kinds.path,
    aliases: ['pid'],
    flags: ['-p, --pid <file>'],
    defaultText: 'none',
    doc: "file for the worker's pid",
    notes:
      'Relative to `cwd`. With several workers, each has its own: `api.pid` becomes `api-0.pid`, `api-1.pid`. During a reload it names the worker that serves.',
  }),
  filter_env: withDefault<readonly string[]>({
    group: 'Environment and Node.js',
    kind: envFilter,
    flags: ['--filter-env <names>'],
    default: [],
    doc: 'do not inherit variables whose name contains one of these words; `true` inherits none',
    notes: 'It applies to the environment in which you ran `lb start`, and to `--update-env`; variables that `env` and `env_file` set stay.',
  }),
  source_map_support: withDefault({
    group: 'Environment and Node.js',
    kind: kinds.boolean,
    flags: ['--source-map-support'],
    default: false,
    doc: 'show stacks in terms of the sources: `--enable-source-maps` of Node.js',
    notes: 'PM2 has this on by default. It makes stacks slower.',
  }),
  disable_source_map_support: withDefault({
    group: 'Environment and Node.js',
    kind: kinds.boolean,
    flags: ['--disable-source-map-support'],
    default: false,
    doc: 'turn `source_map_support` off, whatever else says',
  }),
};
