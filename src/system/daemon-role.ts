/** Tells the program `lb daemon` its role. A variable, not a flag: older versions ignore it. */
export const DAEMON_ROLE_VAR = 'LB_DAEMON_ROLE';
/** Tells it why it was started. */
export const DAEMON_REASON_VAR = 'LB_DAEMON_REASON';
