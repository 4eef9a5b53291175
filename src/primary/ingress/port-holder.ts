import { PRIMARY_SETTINGS_VAR, type PrimarySettings } from '../../protocol/attach.ts';
import { parsePrimarySettings } from '../../protocol/parse-spawn-channel.ts';
import type { ListenQuery } from '../../protocol/worker.ts';
import { withDeadline } from '../../system/deadline.ts';
import { commandLineOf, startVariableOf } from '../../system/process-text.ts';
import { parentOf } from '../../system/processes.ts';
import { holdersOfPath, holdersOfPort, type SocketHolders } from '../../system/socket-holders.ts';

/** The worker waits for its answer meanwhile. */
const DEADLINE_MS = 1_000;
const LONGEST_COMMAND = 120;
/** Parents that are looked at: a worker of a worker of a primary. */
const GENERATIONS = 4;

/** Who holds an address that a worker may not have. */
export type PortHolder = (query: Pick<ListenQuery, 'address' | 'port' | 'addressType'>) => Promise<string | null>;

/** Says who holds the address: `port 3000 is held by app "web" (pid 123)`; null if it is not known. */
export function portHolder(home: string): PortHolder {
  return async ({ address, port, addressType }) => {
    const isPath = addressType === -1;
    const asked = isPath ? holdersOfPath(address ?? '') : holdersOfPort(port ?? 0, address);
    const holders = await withDeadline(asked, DEADLINE_MS);
    return holders === null ? null : `${isPath ? address : `port ${port}`} is held by ${describeHolders(holders, home)}`;
  };
}

/** `app "web" (pid 123)`, `pid 123 (node old.js)`, or that it cannot be seen. */
export function describeHolders({ pids, uid }: SocketHolders, home: string): string {
  // The daemon and the primary of an app hold the same socket.
  const lb = pids.flatMap((pid) => appOf(pid, home) ?? []);
  const [first] = pids;
  if (lb[0] !== undefined) return lb[0];
  if (first !== undefined) return `pid ${first} (${commandText(first)})`;
  const whose = uid === null || uid === process.getuid?.() ? '' : ` of user ${uid}`;
  return `a process${whose} that ${whose === '' ? 'cannot be seen from here' : 'this user cannot look into'}`;
}

/** Names the app whose primary, or whose worker, this process is. */
function appOf(pid: number, home: string): string | null {
  for (let current: number | null = pid, left = GENERATIONS; current !== null && current > 1 && left > 0; current = parentOf(current), left--) {
    const primary = primarySettingsOf(current);
    if (primary !== null) return `app "${primary.name}"${primary.home === home ? '' : ` of LB_HOME ${primary.home}`} (pid ${pid})`;
  }
  return null;
}

function primarySettingsOf(pid: number): PrimarySettings | null {
  const text = startVariableOf(pid, PRIMARY_SETTINGS_VAR);
  if (text === undefined) return null;
  try {
    return parsePrimarySettings(JSON.parse(text));
  } catch {
    // Of another version, or somebody else's variable.
    return null;
  }
}

function commandText(pid: number): string {
  const text = commandLineOf(pid).replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
  return text.length > LONGEST_COMMAND ? `${text.slice(0, LONGEST_COMMAND)}…` : text || 'command unknown';
}
