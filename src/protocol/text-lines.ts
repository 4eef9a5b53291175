/** Cuts text that arrives in pieces into its lines. */
export class TextLines {
  /** The unfinished line. Joined at every piece, a long one would be copied again and again. */
  #rest: string[] = [];
  /** Length of the unfinished line. */
  restLength = 0;

  /** @returns the lines that end in this piece, without their newlines. */
  take(text: string): string[] {
    const lines = text.split('\n');
    const begun = lines.pop() ?? '';
    if (lines.length > 0) {
      lines[0] = this.#rest.join('') + (lines[0] ?? '');
      this.#rest = [];
      this.restLength = 0;
    }
    this.#rest.push(begun);
    this.restLength += begun.length;
    return lines;
  }

  /** The unfinished line. */
  get rest(): string {
    return this.#rest.join('');
  }
}
