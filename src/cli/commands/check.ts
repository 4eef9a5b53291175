import { basename } from 'node:path';
import { findConfigFile, inspectApps } from '../../config/index.ts';
import { LbError } from '../../errors/lb-error.ts';
import { EXIT } from '../../errors/registry.ts';
import { plural } from '../../lifecycle/wording.ts';
import { answer } from '../answer.ts';
import { JSON_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';
import { findingsOf, ofError, type Finding } from '../findings.ts';
import { ANY_USERS } from '../../config/app-user.ts';
import { CONFIG_OPTIONS, refuseOtherTarget, requestFor } from '../resolve.ts';

export const check: Command = {
  operands: '[file]',
  description:
    'Checks a config file, by default that of the current directory, without starting anything: keys and values, scripts, interpreters, directories, log files, ports that are used twice. Reports everything that it finds, and needs no daemon. Exits with 2 if something is wrong.',
  options: [...CONFIG_OPTIONS, { flags: '--strict', description: 'warnings count as errors' }, JSON_OPTION],
  exits: [],
  examples: ['lb check', 'lb check lb.config.js --env production --strict'],
  run,
};

async function run(context: Context): Promise<number> {
  const target = context.args[0];
  refuseOtherTarget(context, target);
  const file = target ?? findConfigFile(context.io.cwd);
  if (file === undefined) throw new LbError('LB_ERR_USAGE', { problem: `no lb.config.* and no ecosystem.config.* in ${context.io.cwd}` });
  const { names, findings } = await inspected(context, file);
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  if (context.json) context.print(JSON.stringify({ file, apps: names, findings }));
  else report(context, basename(file), names, findings);
  return errors > 0 || (context.options['strict'] === true && findings.length > 0) ? EXIT.usage : EXIT.ok;
}

async function inspected(context: Context, file: string): Promise<{ names: readonly string[]; findings: readonly Finding[] }> {
  try {
    const found = await inspectApps({ ...(await requestFor(context, file)), users: ANY_USERS });
    return { names: found.names, findings: await findingsOf(found) };
  } catch (thrown) {
    const error = LbError.from(thrown);
    if (error.code === 'LB_ERR_INTERNAL') throw thrown;
    return { names: [], findings: [ofError(error)] };
  }
}

function report(context: Context, file: string, names: readonly string[], findings: readonly Finding[]): void {
  const { outStyle } = context;
  for (const { severity, message } of findings) context.print(`${outStyle(severity === 'error' ? 'red' : 'yellow', `${severity}:`)} ${message}`);
  const count = (wanted: Finding['severity']): string => plural(findings.filter(({ severity }) => severity === wanted).length, wanted);
  const apps = names.length === 0 ? file : `${file}: ${plural(names.length, 'app')}`;
  answer(context, findings.length === 0 ? `${apps}, nothing is wrong` : `${apps}, ${count('error')}, ${count('warning')}`);
}
