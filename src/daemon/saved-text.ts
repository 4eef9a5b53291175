import { writeFileAtomic } from '../system/atomic-file.ts';
import type { FileReports } from './unwritten.ts';

interface SavedTextOptions {
  readonly path: string;
  readonly reports: FileReports;
  /** What happens while it cannot be written, for people. */
  readonly without: string;
}

/** A file of the home that is replaced as a whole, in the background. What cannot be written is kept and tried again. */
export class SavedText {
  readonly #options: SavedTextOptions;
  /** The newest text, until it is on disk. */
  #unwritten: string | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: SavedTextOptions) {
    this.#options = options;
  }

  /** Resolves when this text or a newer one is on disk, or could not be written. */
  save(text: string): Promise<void> {
    this.#unwritten = text;
    return this.#inTurn();
  }

  #inTurn(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const { path, reports, without } = this.#options;
    const text = this.#unwritten;
    if (text === null) return;
    this.#unwritten = null;
    try {
      await writeFileAtomic(path, text);
      reports.wrote(path);
    } catch (error) {
      this.#unwritten ??= text;
      reports.failed(path, error, without, () => void this.#inTurn());
    }
  }
}
