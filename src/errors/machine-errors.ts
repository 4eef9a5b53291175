import type { ErrorEntry } from './error-entry.ts';

/** Errors about the users and services of the machine. */
export const MACHINE_ERRORS = {
  LB_ERR_GROUP: { message: 'no group named "{group}" on this machine', hint: 'run "getent group" to see all groups', exit: 'notFound', http: 404 },
  LB_ERR_SHARE: {
    message: 'cannot share {socket} with the group {group}: {reason}',
    hint: 'make its folder as root: install -d -o {uid} -g {group} -m 2750 {folder}; or name another --socket, in a folder of yours',
    exit: 'failed',
    http: 409,
  },
  LB_ERR_NO_SYSTEMD: {
    message: 'this machine does not run systemd{detail}, so there is no service to write',
    hint: 'in a container, make "lb run <file>" its command; have OpenRC, runit or s6 run "{command}" as the user who owns the apps; "lb startup --print" prints the unit for another machine',
    exit: 'failed',
    http: 409,
  },
  LB_ERR_SERVICE: { message: 'the service {unit} was not {done}: {reason}', exit: 'failed', http: 409 },
} as const satisfies Record<string, ErrorEntry>;
