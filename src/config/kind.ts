/** What is wrong with a value. `at` is the path of the wrong part in it (`[2]`, `.PORT`); `got` overrides the description of that part. */
export interface Mismatch {
  readonly expected: string;
  readonly got: string;
  readonly at: string;
}

export type Parsed<T> = { readonly value: T } | { readonly mismatch: Mismatch };

/** A JSON Schema fragment. */
export type Schema = Readonly<Record<string, unknown>>;

/** A type of option value: how to parse and document it. */
export interface Kind<T> {
  /** Unit and form, for the reference page. */
  readonly label: string;
  /** TypeScript type in a config file. */
  readonly tsType: string;
  readonly schema: Schema;
  /** Whether `null` is a value; otherwise it means "not given". */
  readonly takesNull?: boolean;
  /** Formats a value as in a config file; JSON if absent. */
  readonly format?: (value: number) => string;
  parse(raw: unknown): Parsed<T>;
}

export const isObject = (raw: unknown): raw is Readonly<Record<string, unknown>> => typeof raw === 'object' && raw !== null && !Array.isArray(raw);

/** A string without NUL, where the operating system would end it. */
export const isCleanText = (raw: unknown): raw is string => typeof raw === 'string' && !raw.includes('\0');
