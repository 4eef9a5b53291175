import type { ErrorEntry } from './error-entry.ts';
import { ERRORS, EXIT, type ErrorCode } from './registry.ts';

export type ErrorDetails = Readonly<Record<string, string | number>>;

/** An error as it is sent between processes. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  /** Additional output, such as the last lines of a worker's stderr. */
  readonly output?: readonly string[];
  readonly details?: ErrorDetails;
}

function fill(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (_, key: string) => String(details[key] ?? ''));
}

/** The name of an app, quoted for a shell if needed. */
export const shellWord = (name: string): string => (/[^\p{L}\p{M}\p{N}\p{S}\p{Cf}._@:/+=,-]|~/u.test(name) ? `'${name}'` : name);

/** Hints name apps in commands, so quote the name. */
const inCommands = ({ app, ...others }: ErrorDetails): ErrorDetails => (app === undefined ? others : { ...others, app: shellWord(String(app)) });

/** The class of all errors for users; the registry lists the codes. */
export class LbError extends Error {
  override readonly name = 'LbError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  readonly output: readonly string[];
  #hint: string | undefined;
  #exitCode: number | null = null;

  constructor(code: ErrorCode, details: ErrorDetails = {}, output: readonly string[] = []) {
    super(fill(ERRORS[code].message, details));
    const entry: ErrorEntry = ERRORS[code];
    this.code = code;
    this.details = details;
    this.#hint = entry.hint === undefined ? undefined : fill(entry.hint, inCommands(details));
    this.output = output;
  }

  get hint(): string | undefined {
    return this.#hint;
  }

  /** Replaces the hint. */
  advising(hint: string): this {
    this.#hint = hint;
    return this;
  }

  get exitCode(): number {
    return this.#exitCode ?? EXIT[ERRORS[this.code].exit];
  }

  /** Replaces the exit code, for commands that pass on the exit code of the app. */
  endingWith(exitCode: number): this {
    this.#exitCode = exitCode;
    return this;
  }

  get httpStatus(): number {
    return ERRORS[this.code].http;
  }

  toRecord(): ErrorRecord {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.output.length === 0 ? {} : { output: this.output }),
      details: this.details,
    };
  }

  /** The error of a record, with its message. */
  static fromRecord({ code, details, output, message }: ErrorRecord): LbError {
    const error = new LbError(code, details, output);
    error.message = message;
    return error;
  }

  /** Converts any thrown value to an `LbError`; foreign errors become `LB_ERR_INTERNAL`. */
  static from(thrown: unknown): LbError {
    if (isLbError(thrown)) return thrown;
    const error = new LbError('LB_ERR_INTERNAL', { reason: thrown instanceof Error ? thrown.message : String(thrown) });
    if (thrown instanceof Error && thrown.stack !== undefined) error.stack = thrown.stack;
    return error;
  }
}

/** Each bundle has a copy of the class. */
const isLbError = (thrown: unknown): thrown is LbError => thrown instanceof LbError || (thrown instanceof Error && thrown.name === 'LbError');

/** The code of a system error (`ENOENT`), or undefined. */
export function errnoOf(thrown: unknown): string | undefined {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}

/** The message of any thrown value. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
