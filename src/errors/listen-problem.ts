import { errnoOf, messageOf } from './lb-error.ts';

const PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'this port takes more rights than you have',
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'there is no host of this name',
};

/** Why a server could not listen, for people. */
export const listenProblem = (error: unknown): string => PROBLEMS[errnoOf(error) ?? ''] ?? messageOf(error);
