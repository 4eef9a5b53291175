import { constants } from 'node:os';
import { field, integer, list, Malformed, number, object, string, type Parser } from './parser.ts';

/** A command that outlives its primary, and how to end it. */
export interface LeftCommand {
  readonly app: string;
  readonly pid: number;
  readonly startTime: number;
  readonly killSignal: NodeJS.Signals;
  readonly killTimeoutMs: number;
}

const isSignal = (name: string): name is NodeJS.Signals => Object.hasOwn(constants.signals, name);

/** The name of a signal. */
export const signalName: Parser<NodeJS.Signals> = (value) => {
  const name = string(value);
  if (isSignal(name)) return name;
  throw new Malformed('the name of a signal', value);
};

/** The file in which a primary names its commands. */
export const parseLeftCommands: Parser<readonly LeftCommand[]> = field(
  'commands',
  list(object<LeftCommand>({ app: string, pid: integer(1), startTime: number(), killSignal: signalName, killTimeoutMs: number(0) })),
);
