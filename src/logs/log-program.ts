import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { AppSpec, LogProgram } from '../lifecycle/app-spec.ts';
import type { LogStream } from '../protocol/control.ts';

export type Command = readonly [string, ...string[]];

const COMMANDS: Readonly<Record<LogProgram, (app: string, stream: LogStream) => Command>> = {
  journal: (app, stream) => ['systemd-cat', '-t', app, '-p', stream === 'out' ? 'info' : 'err'],
  syslog: (app, stream) => ['logger', '-t', app, '-p', stream === 'out' ? 'user.info' : 'user.err'],
};

/** The program that takes the output in place of a file; null for a file. */
export function programFor(target: string, app: string, stream: LogStream): Command | null {
  return isLogProgram(target) ? COMMANDS[target](app, stream) : null;
}

/** A program that the output of an app needs. */
export interface MissingProgram {
  readonly option: 'out_file' | 'error_file';
  readonly value: string;
  readonly command: string;
}

/** The first program that an app needs for its output and that is not on the `PATH`. */
export async function missingProgram(
  { name, outFile, errorFile }: Pick<AppSpec, 'name' | 'outFile' | 'errorFile'>,
  path: string,
): Promise<MissingProgram | null> {
  for (const [option, value, stream] of [
    ['out_file', outFile, 'out'],
    ['error_file', errorFile, 'err'],
  ] as const) {
    const program = value === null ? null : programFor(value, name, stream);
    if (value !== null && program !== null && !(await isOnPath(program[0], path))) return { option, value, command: program[0] };
  }
  return null;
}

const isLogProgram = (target: string): target is LogProgram => Object.hasOwn(COMMANDS, target);

async function isOnPath(command: string, path: string): Promise<boolean> {
  for (const directory of path.split(delimiter).filter((each) => each !== '')) {
    const found = await access(join(directory, command), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}
