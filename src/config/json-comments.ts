/**
 * JSON with comments and trailing commas as plain JSON. What is taken out becomes blanks,
 * so that positions in the messages of `JSON.parse` stay right.
 */
export function stripJsonComments(text: string): string {
  const withoutComments = text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (match) => (match.startsWith('"') ? match : blank(match)));
  return withoutComments.replace(/"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])/g, (match) => (match === ',' ? ' ' : match));
}

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');
