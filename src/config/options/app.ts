import { expectedName, normalName } from '../../lifecycle/app-name.ts';
import { env } from '../env-kind.ts';
import type { Kind } from '../kind.ts';
import * as kinds from '../kinds.ts';
import { option, withDefault } from './option.ts';

const name: Kind<string> = {
  ...kinds.string,
  parse(raw) {
    const parsed = kinds.string.parse(raw);
    return 'value' in parsed ? { value: normalName(parsed.value) } : parsed;
  },
};

/** What runs, how often, and in which surroundings. */
export const APP_OPTIONS = {
  name: option({
    group: 'App',
    kind: name,
    flags: ['-n, --name <name>'],
    defaultText: "the script's file name without its extension",
    doc: 'name of the app, unique in one daemon',
    notes:
      'Letters and digits of any script, emoji, `.`, `_`, `-` and single blanks inside, as in `My API`: at most 64 characters and 128 bytes of UTF-8, the first a letter, digit or emoji. A name with a blank is quoted in a shell. The same name typed in another form of Unicode is the same name.',
    check: expectedName,
  }),
  script: option({
    group: 'App',
    kind: kinds.path,
    aliases: ['exec', 'cmd', 'command'],
    defaultText: 'none; required',
    doc: 'file that every worker runs as its main module',
    notes:
      'Relative to `cwd`; on the command line to the current directory, else to `--cwd`. The extensions `.js`, `.mjs`, `.cjs` and `.ts` may be left out; a directory stands for the `main` of its `package.json`, or its `index.js`.',
  }),
  args: withDefault({
    group: 'App',
    kind: kinds.stringList,
    default: [],
    doc: 'arguments for the script, as in `process.argv.slice(2)`',
    notes: 'On the command line they stand after `--` and replace those of the file.',
  }),
  cwd: option({
    group: 'App',
    kind: kinds.path,
    flags: ['--cwd <dir>'],
    defaultText: "the config file's directory, or the directory `lb start` was called in",
    doc: 'working directory of the workers',
    notes: 'Relative to the config file (as a flag: to the current directory). The paths of the app are relative to it.',
  }),
  instances: withDefault({
    group: 'App',
    kind: kinds.instances,
    flags: ['-i, --instances <n>'],
    default: 1,
    doc: 'number of workers: n, `max` for one per CPU, or -n for all CPUs but n',
    notes:
      'The CPU count respects the quota of the container. 0 is the same as `max`; a negative number leaves at least one worker. At most 1024; of more than 32 (or the CPU count, if that is more) the others start as the first become ready.',
  }),
  exec_mode: option({
    group: 'App',
    kind: kinds.oneOf(['cluster', 'cluster_mode', 'fork', 'fork_mode']),
    defaultText: '`cluster`',
    doc: "accepted for PM2's files and without effect",
    notes: 'Every app runs as a cluster of workers, with one worker unless `instances` says otherwise; that serves what `fork` is used for.',
  }),
  env: option({
    group: 'Environment and Node.js',
    kind: env,
    defaultText: '`{}`',
    doc: 'environment variables of the workers',
    notes:
      'Added to the environment `lb start` was called in. Values that are objects are handed over as JSON; `null` takes an inherited variable away. A string is read as the text of a dotenv file. `env_<name>` adds to it when chosen with `--env <name>`.',
  }),
  env_file: option({
    group: 'Environment and Node.js',
    kind: kinds.path,
    flags: ['--env-file <file>'],
    defaultText: 'none',
    doc: 'dotenv file with more environment variables',
    notes: 'It wins over the inherited environment; `env` and `env_<name>` win over it. It is read when the app is started or reloaded with its config file.',
  }),
  port: option({
    group: 'Environment and Node.js',
    kind: kinds.integer(0, 65_535),
    flags: ['--port <n>'],
    defaultText: 'none',
    doc: 'sets the environment variable `PORT`',
    notes: 'It wins over every other source of `PORT`. It does not make an app listen that ignores the variable.',
  }),
  instance_var: withDefault({
    group: 'Environment and Node.js',
    kind: kinds.string,
    default: 'NODE_APP_INSTANCE',
    doc: "environment variable that carries the worker's slot number, from 0",
    check: (name) => (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? undefined : 'the name of an environment variable'),
  }),
  node_args: withDefault({
    group: 'Environment and Node.js',
    kind: kinds.stringList,
    aliases: ['interpreter_args'],
    flags: ['--node-args <args>', '--interpreter-args <args>'],
    default: [],
    doc: 'arguments for Node.js itself, such as `--max-old-space-size=512`',
  }),
  interpreter: withDefault({
    group: 'Environment and Node.js',
    kind: kinds.path,
    aliases: ['exec_interpreter'],
    flags: ['--interpreter <node>'],
    default: 'node',
    defaultText: 'the Node.js that runs `lb`',
    doc: 'another Node.js binary (20.19 or newer) for this app',
    notes: 'A path relative to `cwd`, or a name that is looked up on `PATH`; `node` means the one that runs `lb`. Other languages are refused.',
  }),
};
