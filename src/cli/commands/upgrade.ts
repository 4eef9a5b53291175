import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectIfRunning, type Connection } from '../../client/connect.ts';
import { parseUpgradeBegun, parseUpgradeReport } from '../../client/parse.ts';
import { LbError } from '../../errors/lb-error.ts';
import { EXIT } from '../../errors/registry.ts';
import { namedProgram, versionOfProgram } from '../../lifecycle/program-version.ts';
import type { UpgradeBody, UpgradeReport, UpgradeState } from '../../protocol/control.ts';
import { JSON_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';
import { lbVersion } from '../version.ts';

const POLL_MS = 150;
/** No daemon answers for this long only if the upgrade went wrong in a way that leaves none. */
const AWAY_MS = 30_000;

export const upgrade: Command = {
  operands: '',
  description:
    'Replaces the daemon and then, one after the other, the primary of each app by this version of lb, after "npm install -g lb-supervisor" or from another folder. Sockets stay open, and new workers are ready before the old ones drain, so no request fails; apps that must not run twice have a gap, in which connections wait. A version that does not work leaves the one before running. SIGHUP to the daemon does the same. Without anything new, this does nothing and succeeds.',
  options: [{ flags: '--back', description: 'return to the version before the last upgrade' }, JSON_OPTION],
  exits: ['failed', 'daemon', 'interrupted'],
  examples: ['npm install -g lb-supervisor && lb upgrade', 'lb upgrade --back'],
  run,
};

async function run(context: Context): Promise<number> {
  const connection = await connectIfRunning(context.address);
  if (connection === null) {
    context.note(`no daemon is running for ${context.home}; the next one will be lb ${lbVersion()}`);
    if (context.json) context.print(JSON.stringify({ program: null, upgrade: null }));
    return EXIT.ok;
  }
  const began = await begin(context, connection);
  connection.channel.close();
  const state = began ? await follow(context) : null;
  if (context.json) context.print(JSON.stringify({ program: state?.to ?? connection.hello.program ?? null, upgrade: state }));
  else if (state === null) context.print(`nothing to upgrade: everything runs lb ${connection.hello.version}`);
  else context.print(`upgraded from ${namedProgram(state.from, state.to)} to ${namedProgram(state.to, state.from)}; "lb upgrade --back" returns`);
  return EXIT.ok;
}

/** @returns whether there is something to do. @throws LbError LB_ERR_UPGRADE */
async function begin({ options }: Context, { channel, hello }: Connection): Promise<boolean> {
  const back = options['back'] === true;
  const installed = fileURLToPath(new URL('..', import.meta.url));
  const body: UpgradeBody = back ? { back } : { program: installed.replace(/\/$/, ''), node: process.execPath };
  try {
    return parseUpgradeBegun(await channel.json('/v1/upgrade', { method: 'POST', body }));
  } catch (error) {
    if (!(error instanceof LbError) || error.code !== 'LB_ERR_ROUTE') throw error;
    throw new LbError('LB_ERR_UPGRADE', { reason: `the daemon (lb ${hello.version}) is too old to be upgraded while it runs` }).advising(
      'end it with "lb kill" and start your apps again',
    );
  }
}

/** Prints each step; the daemon that tells it changes meanwhile. @throws LbError LB_ERR_UPGRADE_FAILED */
async function follow(context: Context): Promise<UpgradeState> {
  let told = 0;
  let awaySince = performance.now();
  for (;;) {
    const report = await ask(context);
    if (report !== null) awaySince = performance.now();
    else if (performance.now() - awaySince > AWAY_MS) throw new LbError('LB_ERR_DAEMON_LOST');
    const state = report?.upgrade ?? null;
    if (state !== null) {
      for (const step of state.steps.slice(told)) context.note(step);
      told = Math.max(told, state.steps.length);
      if (state.stage === 'failed' || state.problems.length > 0) throw failure(state);
      if (state.stage === 'settling' || state.stage === 'done') return state;
    }
    await sleep(POLL_MS);
  }
}

const failure = ({ to, problems }: UpgradeState): LbError => new LbError('LB_ERR_UPGRADE_FAILED', { to: versionOfProgram(to), reason: problems.join('; ') });

async function ask({ address }: Context): Promise<UpgradeReport | null> {
  try {
    const connection = await connectIfRunning(address);
    if (connection === null) return null;
    try {
      return parseUpgradeReport(await connection.channel.json('/v1/upgrade'));
    } finally {
      connection.channel.close();
    }
  } catch (error) {
    // The daemon that answered is leaving.
    if (error instanceof LbError && error.exitCode === EXIT.daemon) return null;
    throw error;
  }
}
