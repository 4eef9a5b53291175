import type { Piece } from '../../logs/line-splitter.ts';

/** What Node prints while the stack of a hung worker is captured, perhaps after an unfinished line of the app. */
const PRINTED = /(?:Debugger (?:listening|ending) on ws:\S+|Debugger attached\.|For help, see: https:\/\/nodejs\.org\/\S*)$/;

/** The piece without the lines about the inspector, which are not the app's output; null if nothing is left. */
export function withoutInspector({ bytes, continues }: Piece): Piece | null {
  const lines = bytes.toString('utf8').split(/(?<=\n)/);
  const kept = lines.flatMap((line, index) => {
    const text = line.trimEnd();
    const own = text.replace(PRINTED, '');
    if (own === text) return [line];
    // The beginning of the line is the app's, in this piece or in the one before.
    return own !== '' || (continues && index === 0) ? [`${own}\n`] : [];
  });
  return kept.length === 0 ? null : { bytes: Buffer.from(kept.join('')), continues };
}
