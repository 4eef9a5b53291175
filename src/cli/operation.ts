import type { Channel, Method } from '../client/request.ts';
import { openStream } from '../client/stream.ts';
import { LbError } from '../errors/lb-error.ts';
import { EXIT } from '../errors/registry.ts';
import type { ProgressRecord, ProgressStep, ResultRecord, StreamRecord } from '../protocol/control.ts';
import type { Context } from './context.ts';
import { failureOf } from './failure.ts';
import { Interrupted } from './interrupted.ts';
import { terminalWidth } from './io.ts';
import { errorView } from './output/error-view.ts';
import type { Color, Style } from './output/style.ts';

/** A request that is answered with a stream of records. */
export interface StreamedRequest {
  /** The name of the operation in the message after Ctrl-C: `reload of "api"`. */
  readonly title: string;
  readonly method: Method;
  readonly path: string;
  readonly body?: unknown;
  /** The second part of the message after Ctrl-C; by default where to see the progress. */
  readonly left?: string;
  /** Processes the result before it is printed. */
  readonly finish?: (result: Success) => Promise<Success>;
}

export type Success = Extract<ResultRecord, { ok: true }>;

const STEP_COLORS: Partial<Record<ProgressStep, Color>> = {
  ready: 'green',
  draining: 'yellow',
  stopping: 'yellow',
  failed: 'red',
  rollback: 'red',
  queued: 'cyan',
  note: 'dim',
};

/** Shows the progress of an operation on stderr and its result on stdout. @throws LbError of its result */
export async function runOperation(context: Context, channel: Channel, operation: StreamedRequest): Promise<void> {
  let result: ResultRecord | null = null;
  const say = progressWriter(context);
  for await (const record of untilInterrupted(context, operation, openStream(channel, operation.method, operation.path, operation.body))) {
    if (record.type === 'result') result = record.ok && operation.finish !== undefined ? await operation.finish(record) : record;
    if (context.json) context.print(JSON.stringify(record.type === 'result' ? result : record));
    else if (record.type !== 'result') say(record);
  }
  if (result === null) throw new LbError('LB_ERR_DAEMON_GONE');
  if (!result.ok) {
    const error = LbError.fromRecord(result.error);
    alreadyPrinted.add(error);
    throw error;
  }
  if (!context.json && !context.silent) context.print(result.message);
}

/**
 * Processes targets, one after another unless told otherwise, and continues after a failure. Resolves with the exit code of the
 * first target that failed.
 */
export async function forEachTarget<T>(context: Context, targets: readonly T[], work: (target: T) => Promise<void>, atOnce = 1): Promise<number> {
  const exitCodes = targets.map((): number => EXIT.ok);
  const waiting = [...targets.entries()];
  const runner = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, target] = next;
      try {
        await work(target);
      } catch (thrown) {
        if (thrown instanceof Interrupted) throw thrown;
        const error = failureOf(thrown, context.command);
        exitCodes[index] = error.exitCode;
        reportError(context, error);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runner));
  return exitCodes.find((code) => code !== EXIT.ok) ?? EXIT.ok;
}

/** Failures whose result record `--json` has already printed. */
const alreadyPrinted = new WeakSet<LbError>();

function reportError(context: Context, error: LbError): void {
  if (context.json && !alreadyPrinted.has(error)) context.print(JSON.stringify({ type: 'result', ok: false, error: error.toRecord() }));
  context.io.stderr.write(errorView(error, context.errStyle, terminalWidth(context.io.stderr)));
}

/** Prints one line per step of a worker, and skips repeated messages. */
function progressWriter(context: Context): (record: ProgressRecord) => void {
  const last = new Map<string, string>();
  return (record) => {
    const subject = `${record.app}:${record.slot ?? ''}:${record.generation ?? ''}`;
    if (last.get(subject) === record.message) return;
    last.set(subject, record.message);
    context.note(colorStep(record, context.errStyle));
  };
}

function colorStep(record: ProgressRecord, style: Style): string {
  const color = STEP_COLORS[record.step];
  return color === undefined ? record.message : style(color, record.message);
}

/** Ctrl-C stops watching; the operation continues. */
async function* untilInterrupted(context: Context, operation: StreamedRequest, records: AsyncGenerator<StreamRecord>): AsyncGenerator<StreamRecord> {
  let interrupt = (): void => {};
  const interrupted = new Promise<'interrupted'>((resolve) => (interrupt = () => resolve('interrupted')));
  const restore = context.io.onInterrupt(interrupt);
  try {
    for (;;) {
      const next = await Promise.race([records.next(), interrupted]);
      if (next === 'interrupted') {
        context.note(`\nthe ${operation.title} continues in the background; ${operation.left ?? '"lb list" shows its progress'}`);
        throw new Interrupted();
      }
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    restore();
  }
}
