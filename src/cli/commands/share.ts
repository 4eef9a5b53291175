import { resolve } from 'node:path';
import { parseShared } from '../../client/parse.ts';
import { LbError } from '../../errors/lb-error.ts';
import { EXIT } from '../../errors/registry.ts';
import type { ShareBody, SharedSocketState } from '../../protocol/control.ts';
import { sharedSocketOf } from '../../system/paths.ts';
import { groupNamed } from '../../system/named-users.ts';
import { JSON_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';
import { daemonFor } from '../daemon-of.ts';
import { textOption } from '../values.ts';

export const share: Command = {
  operands: '',
  description:
    'Opens a second control socket for a group of users, who then use all commands with LB_SOCKET set to its path; the home stays private. Whoever is in the group can run code as the user of the daemon. It stays, also after a restart of the daemon, until --off. Without options, shows what is shared.',
  options: [
    { flags: '--group <name>', description: 'the group whose members may use the socket' },
    { flags: '--socket <path>', description: 'where it is (default: /run/lb-<uid>/lb.sock); its folder becomes accessible to the group' },
    { flags: '--off', description: 'close it' },
    JSON_OPTION,
  ],
  exits: ['failed', 'notFound', 'daemon'],
  examples: ['lb share --group deploy', 'lb share', 'LB_SOCKET=/run/lb-1000/lb.sock lb list', 'lb share --off'],
  run,
};

async function run(context: Context): Promise<number> {
  const body = bodyOf(context);
  const { channel, hello } = await daemonFor(context, body === null ? 'read' : 'change');
  try {
    const shared = body === null ? (hello.shared ?? null) : parseShared(await channel.json('/v1/share', { method: 'POST', body }));
    context.print(context.json ? JSON.stringify(shared) : describe(shared));
    return EXIT.ok;
  } finally {
    channel.close();
  }
}

/** Null to change nothing. @throws LbError LB_ERR_USAGE for options that contradict each other, LB_ERR_GROUP for an unknown group */
function bodyOf({ options, io }: Context): ShareBody | null {
  const [name, path] = [textOption(options, 'group'), textOption(options, 'socket')];
  const isOff = options['off'] === true;
  if (name === undefined) {
    if (path !== undefined) throw new LbError('LB_ERR_USAGE', { problem: '--socket needs --group: lb share --group <name> --socket <path>' });
    return isOff ? { shared: null } : null;
  }
  if (isOff) throw new LbError('LB_ERR_USAGE', { problem: '--group and --off contradict each other' });
  const group = groupNamed(name);
  if (group === null) throw new LbError('LB_ERR_GROUP', { group: name });
  const socket = path === undefined ? sharedSocketOf(process.getuid?.() ?? 0) : resolve(io.cwd, path);
  return { shared: { group: group.name, gid: group.gid, socket } };
}

function describe(shared: SharedSocketState | null): string {
  if (shared === null) return 'no socket is shared';
  const { group, socket, problem } = shared;
  if (problem !== null) return `not shared: ${problem}`;
  return `shared with the group ${group}; its members use it so: LB_SOCKET=${socket} lb list`;
}
