/** What is wrong with a value; `at` is the path of the wrong part inside it (`[2]`, `.PORT`), `got` overrides the description of that part. */
export interface Mismatch {
  readonly expected: string;
  readonly got: string;
  readonly at: string;
}

export type Parsed<T> = { readonly value: T } | { readonly mismatch: Mismatch };

/** A JSON Schema fragment. */
export type Schema = Readonly<Record<string, unknown>>;

/** A type of option value: how it is read from a file or a flag, and how it is documented. */
export interface Kind<T> {
  /** Unit and form in the reference page. */
  readonly label: string;
  /** What a config file may hold, as TypeScript source. */
  readonly tsType: string;
  readonly schema: Schema;
  /** Whether `null` is a value of its own; elsewhere it means "not given". */
  readonly takesNull?: boolean;
  /** A value as one would write it; JSON when absent. */
  readonly format?: (value: number) => string;
  parse(raw: unknown): Parsed<T>;
}

export const isObject = (raw: unknown): raw is Readonly<Record<string, unknown>> => typeof raw === 'object' && raw !== null && !Array.isArray(raw);

/** A text that can be handed to the operating system, which ends texts at NUL. */
export const isCleanText = (raw: unknown): raw is string => typeof raw === 'string' && !raw.includes('\0');
