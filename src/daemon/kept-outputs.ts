import type { OutputOrigin } from '../protocol/attach.ts';
import type { OutputPipe } from '../protocol/parse-handles.ts';

/** More than the workers of any app have. */
const MOST_OUTPUTS = 4_096;

/** Which pipe of which worker of which app. */
interface OutputId {
  readonly app: string;
  readonly origin: OutputOrigin;
}

/** A duplicate of the reading end of a pipe to which a worker prints: held, not read while the primary lives. */
export interface KeptOutput extends OutputId {
  readonly pipe: OutputPipe;
}

/** The pipes to which the workers of one primary print. When it is dead, they are read here. */
export class KeptOutputs {
  readonly #outputs = new Map<string, KeptOutput>();

  keep(output: KeptOutput): void {
    this.drop(output);
    if (this.#outputs.size >= MOST_OUTPUTS) return output.pipe.close();
    this.#outputs.set(idOf(output), output);
  }

  drop(output: OutputId): void {
    this.#outputs.get(idOf(output))?.pipe.close();
    this.#outputs.delete(idOf(output));
  }

  dropAll(): void {
    for (const { pipe } of this.takeAll()) pipe.close();
  }

  /** Gives away everything. */
  takeAll(): readonly KeptOutput[] {
    const all = [...this.#outputs.values()];
    this.#outputs.clear();
    return all;
  }
}

const idOf = ({ app, origin: { pid, stream } }: OutputId): string => `${app}\n${pid} ${stream}`;
