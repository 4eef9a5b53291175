import type { ErrorEntry } from './error-entry.ts';

/** Those of moving in from another supervisor, for the registry. */
export const MIGRATE_ERRORS = {
  LB_ERR_SOCKETS_NOT_BROUGHT: {
    message: 'the listening sockets that were to come from {path} did not come: {reason}',
    hint: 'nothing was started',
    exit: 'failed',
    http: 400,
  },
  LB_ERR_MIGRATE_SOURCE: { message: 'PM2 was not found: {problem}', hint: '{hint}', exit: 'notFound', http: 404 },
  LB_ERR_MIGRATE_COMMAND: {
    message: '"pm2 {command}" failed: {reason}',
    hint: 'see what "pm2 list" and "lb list" show; what was moved stays moved, the rest is with PM2',
    exit: 'failed',
    http: 500,
  },
  LB_ERR_NAME_LINK: { message: '{link}: {reason}', hint: '{hint}', exit: 'failed', http: 409 },
  LB_ERR_NOT_MOVED: {
    message: '"{app}" was not moved, PM2 serves it as before: {reason}',
    hint: '{hint}',
    exit: 'failed',
    http: 500,
  },
} as const satisfies Record<string, ErrorEntry>;
