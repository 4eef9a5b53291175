/** A command line as a shell would run it, without a shell. */
export interface ShellLine {
  /** Assignments before the program: `NODE_ENV=production node …`. */
  readonly env: ReadonlyMap<string, string>;
  readonly words: readonly string[];
}

type Variables = (name: string) => string | undefined;

const ASSIGNMENT = /^([A-Za-z_]\w*)=([^]*)$/;
const VARIABLE = /^\$(?:(\w+)|\{(\w+)(?::?-([^${}]*))?\})/;
const OPERATOR = /^(?:&&|\|\||>>|<<|\d?>&\d|\$\(|[|&;<>()`*\n])/;

/**
 * Splits a line into words as a shell does, with variables filled in. What needs a shell (a pipe, `&&`, a redirection,
 * `$(…)`, `*`) is named in `operator` instead.
 */
export function readShellLine(line: string, variables: Variables): ShellLine | { readonly operator: string } {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let rest = line; rest !== ''; ) {
    const piece = nextPiece(rest, quote, variables);
    if ('operator' in piece) return piece;
    rest = rest.slice(piece.length);
    quote = piece.quote;
    if (piece.text !== undefined) word = (word ?? '') + piece.text;
    else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  if (quote !== '') return { operator: quote };
  if (word !== undefined) words.push(word);
  return splitAssignments(words);
}

interface Piece {
  readonly length: number;
  /** Undefined ends the word. */
  readonly text: string | undefined;
  /** The quote that is open after this piece. */
  readonly quote: string;
}

type Read = Piece | { readonly operator: string };

function nextPiece(rest: string, quote: string, variables: Variables): Read {
  if (quote === "'") return rest.startsWith("'") ? { length: 1, text: '', quote: '' } : { length: 1, text: rest.charAt(0), quote };
  return quote === '"' ? quotedPiece(rest, variables) : plainPiece(rest, variables);
}

/** Between double quotes. */
function quotedPiece(rest: string, variables: Variables): Read {
  const char = rest.charAt(0);
  const next = rest.charAt(1);
  if (char === '"') return { length: 1, text: '', quote: '' };
  if (char === '\\') return { length: 2, text: /["\\$`]/.test(next) ? next : char + next, quote: '"' };
  if (char === '`' || rest.startsWith('$(')) return { operator: char === '`' ? char : '$(' };
  return char === '$' ? variable(rest, '"', variables) : { length: 1, text: char, quote: '"' };
}

function plainPiece(rest: string, variables: Variables): Read {
  const char = rest.charAt(0);
  if (char === '\\') return { length: 2, text: rest.charAt(1), quote: '' };
  if (char === '"' || char === "'") return { length: 1, text: '', quote: char };
  const [operator] = OPERATOR.exec(rest) ?? [];
  if (operator !== undefined) return { operator };
  if (char === '$') return variable(rest, '', variables);
  return { length: 1, text: /\s/.test(char) ? undefined : char, quote: '' };
}

function variable(rest: string, quote: string, variables: Variables): Read {
  const [whole, plain, braced, fallback] = VARIABLE.exec(rest) ?? [];
  if (whole === undefined) return /^\$[{@*#?!$-]/.test(rest) ? { operator: rest.slice(0, 2) } : { length: 1, text: '$', quote };
  const value = variables(plain ?? braced ?? '');
  return { length: whole.length, text: value === undefined || value === '' ? (fallback ?? '') : value, quote };
}

/** Splits the assignments in front of a program off its words. */
export function splitAssignments(words: readonly string[]): ShellLine {
  const env = new Map<string, string>();
  for (const [index, word] of words.entries()) {
    const [, name, value] = ASSIGNMENT.exec(word) ?? [];
    if (name === undefined || value === undefined) return { env, words: words.slice(index) };
    env.set(name, value);
  }
  return { env, words: [] };
}

/** The last command of a line such as `npm run build && node dist/server.js`; undefined if there is one only. */
export function lastCommand(line: string): string | undefined {
  const parts = line.split(/&&|;/);
  return parts.length > 1 ? parts.at(-1)?.trim() : undefined;
}

/** As one would type it. */
export const typed = (words: readonly string[]): string => words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ');
