/** The daemon as primaries, orphaned workers and an upgrade start it: from the private copy, in which there is no command line. */
import { EXIT } from '../errors/registry.ts';
import { LbError } from '../errors/lb-error.ts';
import { daemonRole } from '../lifecycle/daemon-role.ts';
import { DAEMON_REASON_VAR, DAEMON_ROLE_VAR } from '../system/daemon-role.ts';
import { findHome } from '../system/find-home.ts';
import { readProgram } from '../system/program.ts';
import { PROGRAM_DIRECTORY } from './own-program.ts';

async function run(): Promise<number> {
  const { runDaemon } = await import('./main.ts');
  const role = daemonRole(process.env[DAEMON_ROLE_VAR]);
  const because = process.env[DAEMON_REASON_VAR] ?? '';
  // They are not for what this process starts.
  for (const name of [DAEMON_ROLE_VAR, DAEMON_REASON_VAR]) delete process.env[name];
  return runDaemon({ home: findHome().path, role, because, version: readProgram(PROGRAM_DIRECTORY).version });
}

run().then(
  (code) => process.exit(code),
  (thrown: unknown) => {
    const error = LbError.from(thrown);
    process.stderr.write(`${new Date().toISOString()} ${error.code === 'LB_ERR_INTERNAL' ? (error.stack ?? error.message) : error.message}\n`);
    process.exit(error.exitCode || EXIT.failed);
  },
);
