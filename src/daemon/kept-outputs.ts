import type { OutputOrigin } from '../protocol/attach.ts';
import type { OutputPipe } from '../protocol/parse-spawn-channel.ts';

/** A duplicate of the reading end of a pipe to which a worker prints: held, not read while the primary lives. */
export interface KeptOutput {
  readonly app: string;
  readonly key: string;
  readonly origin: OutputOrigin;
  readonly pipe: OutputPipe;
}

/** The pipes to which the workers of one primary print. When it is dead, they are read here. */
export class KeptOutputs {
  readonly #outputs = new Map<string, KeptOutput>();

  keep(output: KeptOutput): void {
    this.drop(output);
    this.#outputs.set(idOf(output), output);
  }

  drop(output: Pick<KeptOutput, 'app' | 'key'>): void {
    this.#outputs.get(idOf(output))?.pipe.close();
    this.#outputs.delete(idOf(output));
  }

  /** Gives away everything. */
  takeAll(): readonly KeptOutput[] {
    const all = [...this.#outputs.values()];
    this.#outputs.clear();
    return all;
  }
}

const idOf = ({ app, key }: Pick<KeptOutput, 'app' | 'key'>): string => `${app}\n${key}`;
