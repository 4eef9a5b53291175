import { LbError } from '../errors/lb-error.ts';
import { findHome, type FoundHome } from '../system/find-home.ts';
import { homePaths } from '../system/paths.ts';
import { sharedAddress, type Place } from './context.ts';
import type { Io } from './io.ts';

/** Where the daemon of a command is, found in the table of places for a home. @throws LbError LB_ERR_HOME */
export function placeFor(io: Io): Place {
  const { path: home, isNew, passedOver, socket } = homeFor(io);
  const paths = homePaths(home);
  const shared = io.env['LB_SOCKET'] || socket;
  return {
    home,
    address: shared === null ? paths : sharedAddress(home, shared),
    madeBecause: isNew && passedOver.length > 0 ? passedOver.join('; ') : null,
  };
}

/** With the socket of another daemon, it does not matter whether this user could have one. */
function homeFor({ env }: Io): FoundHome {
  try {
    return findHome(env);
  } catch (error) {
    const { code, details } = LbError.from(error);
    if (!env['LB_SOCKET'] || code !== 'LB_ERR_HOME') throw error;
    return { path: String(details['home']), isNew: false, passedOver: [], socket: null };
  }
}
