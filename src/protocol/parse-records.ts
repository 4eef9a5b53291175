import type { ErrorRecord } from '../errors/lb-error.ts';
import { isErrorCode } from '../errors/registry.ts';
import { PROGRESS_STEPS, type LogLine, type ProgressRecord } from './control.ts';
import { drainBlockers } from './parse-load.ts';
import { integer, list, literal, Malformed, nullable, number, object, oneOf, optional, record, string, type Parser } from './parser.ts';
import { PROFILE_KINDS, type ProfileFile } from './profile.ts';
import { OPERATION_KINDS } from './snapshot.ts';

export const logLine = object<LogLine>({
  app: string,
  slot: integer(0),
  pid: integer(0),
  stream: oneOf(['out', 'err']),
  at: number(),
  text: string,
  continues: optional(literal(true)),
  open: optional(literal(true)),
});

export const progressRecord = object<ProgressRecord>({
  type: literal('progress'),
  app: string,
  operation: oneOf(OPERATION_KINDS),
  step: oneOf(PROGRESS_STEPS),
  slot: nullable(integer(0)),
  generation: nullable(number()),
  pid: nullable(integer(0)),
  message: string,
  blockers: optional(drainBlockers),
});

export const profileFile = object<ProfileFile>({ what: oneOf(PROFILE_KINDS), path: string, bytes: number(), slot: integer(0), pid: integer(0) });

/** An unknown code keeps its message. */
const errorCode: Parser<ErrorRecord['code']> = (value) => {
  const code = string(value);
  return isErrorCode(code) ? code : 'LB_ERR_INTERNAL';
};

const detail: Parser<string | number> = (value) => {
  if (typeof value === 'string' || typeof value === 'number') return value;
  throw new Malformed('a string or a number', value);
};

export const errorRecord = object<ErrorRecord>({
  code: errorCode,
  message: string,
  hint: optional(string),
  output: optional(list(string)),
  details: optional(record(detail)),
});
