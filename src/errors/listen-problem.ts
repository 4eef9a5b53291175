import { errnoOf, messageOf } from './lb-error.ts';

const PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'permission denied (ports below 1024 need privileges)',
  ENOTFOUND: 'host not found',
  EAI_AGAIN: 'host not found',
};

/** Why a server can't listen, for messages. */
export const listenProblem = (error: unknown): string => PROBLEMS[errnoOf(error) ?? ''] ?? messageOf(error);
