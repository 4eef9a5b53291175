/** Removes comments and trailing commas from JSON. Replaces them by spaces, so that positions in error messages stay correct. */
export function stripJsonComments(text: string): string {
  const withoutComments = text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (match) => (match.startsWith('"') ? match : blank(match)));
  return withoutComments.replace(/"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])/g, (match) => (match === ',' ? ' ' : match));
}

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');
