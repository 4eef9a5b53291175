/** Returns an unknown value as its type. @throws Malformed */
export type Parser<T> = (value: unknown) => T;

/** The parser of an optional field. */
export type Optional<T> = Parser<T | undefined> & { readonly isOptional: true };

/** A parser for every field of a type. */
export type Shape<T> = { readonly [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? Optional<Exclude<T[K], undefined>> : Parser<T[K]> };

/** A value of the wrong type. The path is built while the error propagates, so valid values cost nothing. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
  readonly expected: string;
  readonly got: string;
  #path = '';

  constructor(expected: string, value: unknown) {
    super();
    this.expected = expected;
    this.got = describe(value);
  }

  /** Path in the message: `beat.statusClasses[4]`; empty for the message itself. */
  get path(): string {
    return this.#path;
  }

  override get message(): string {
    return `${this.#path === '' ? 'the message' : this.#path}: expected ${this.expected}, got ${this.got}`;
  }

  /** Prefixes the path with the enclosing key or index. */
  within(key: string | number): this {
    const inner = this.#path === '' || this.#path.startsWith('[') ? this.#path : `.${this.#path}`;
    this.#path = `${typeof key === 'number' ? `[${key}]` : key}${inner}`;
    return this;
  }
}

function describe(value: unknown): string {
  if (value === undefined) return 'no value';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? String(value) : `an ${typeof value}`;
}

export const string: Parser<string> = (value) => {
  if (typeof value === 'string') return value;
  throw new Malformed('a string', value);
};

export const boolean: Parser<boolean> = (value) => {
  if (typeof value === 'boolean') return value;
  throw new Malformed('true or false', value);
};

const range = (min: number, max: number): string =>
  min === -Infinity && max === Infinity ? '' : max === Infinity ? ` of at least ${min}` : ` from ${min} to ${max}`;

/** A finite number within bounds. */
export const number =
  (min = -Infinity, max = Infinity): Parser<number> =>
  (value) => {
    if (typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max) return value;
    throw new Malformed(`a number${range(min, max)}`, value);
  };

export const integer =
  (min = -Infinity, max = Infinity): Parser<number> =>
  (value) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value;
    throw new Malformed(`a whole number${range(min, max)}`, value);
  };

export const literal =
  <const T extends string | number | boolean>(expected: T): Parser<T> =>
  (value) => {
    if (value === expected) return expected;
    throw new Malformed(JSON.stringify(expected), value);
  };

export const oneOf =
  <const T extends string | number>(values: readonly T[]): Parser<T> =>
  (value) => {
    const known = values.find((one) => one === value);
    if (known !== undefined) return known;
    throw new Malformed(`one of ${values.join(', ')}`, value);
  };

export const nullable =
  <T>(parser: Parser<T>): Parser<T | null> =>
  (value) =>
    value === null ? null : parser(value);

export const optional = <T>(parser: Parser<T>): Optional<T> =>
  Object.assign((value: unknown) => (value === undefined ? undefined : parser(value)), { isOptional: true as const });

/** @param length exact number of items */
export const list =
  <T>(item: Parser<T>, length?: number): Parser<readonly T[]> =>
  (value) => {
    if (!Array.isArray(value) || (length !== undefined && value.length !== length)) {
      throw new Malformed(length === undefined ? 'a list' : `a list of ${length}`, value);
    }
    const given: readonly unknown[] = value;
    const parsed = given.map((one, index) => inside(index, item, one));
    return isSameList(given, parsed) ? given : parsed;
  };

/** Whether parsing converted nothing: then the given list is returned, without a copy. */
const isSameList = <T>(given: readonly unknown[], parsed: readonly T[]): given is readonly T[] => parsed.every((item, index) => item === given[index]);

/** An object with arbitrary keys and values of one type. */
export const record =
  <T>(item: Parser<T>): Parser<Readonly<Record<string, T>>> =>
  (value) => {
    const given = fieldsOf(value);
    const parsed = Object.fromEntries(Object.entries(given).map(([key, one]) => [key, inside(key, item, one)]));
    return isSameRecord(given, parsed) ? given : parsed;
  };

const isSameRecord = <T>(given: Fields, parsed: Readonly<Record<string, T>>): given is Readonly<Record<string, T>> =>
  Object.entries(parsed).every(([key, item]) => item === given[key]);

/** An object with these fields. Other fields, which a newer version may send, are kept. */
export const object = <T>(shape: Shape<T>): Parser<T> => parserOf<T>(shape);

/** @param shape the parser of each field of `T`. */
function parserOf<T>(shape: object): Parser<T> {
  const fields = Object.entries<Parser<unknown>>({ ...shape });
  return (value) => {
    const given = fieldsOf(value);
    let result = given;
    for (const [key, parser] of fields) {
      const parsed = inside(key, parser, given[key]);
      if (parsed !== given[key]) result = { ...result, [key]: parsed };
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each field was parsed by its own parser; TypeScript does not follow a loop over them.
    return result as T;
  };
}

/** An object with only these fields, for input from users, where an unknown name is a typo. */
export function exact<T>(shape: Shape<T>): Parser<T> {
  const parse = object(shape);
  return (value) => {
    const unknown = Object.keys(fieldsOf(value)).find((key) => !Object.hasOwn(shape, key));
    if (unknown !== undefined) throw new Malformed(`one of ${Object.keys(shape).join(', ')}`, unknown).within(unknown);
    return parse(value);
  };
}

/** The remaining fields for each kind of a union. A kind without a parser does not compile. */
export type Variants<U, Tag extends keyof U, Common extends keyof U = never> = {
  readonly [Kind in U[Tag] & string]: Shape<Omit<Extract<U, { readonly [K in Tag]: Kind }>, Tag | Common>>;
};

/** A union of objects, discriminated by one field. @param common fields of all kinds */
export function variants<U, Tag extends keyof U & string, Common extends keyof U = never>(
  tag: Tag,
  table: Variants<U, Tag, Common>,
  ...[common]: [Common] extends [never] ? [] : [common: Shape<Pick<U, Common>>]
): Parser<U> {
  const parsers = new Map(Object.entries<object>(table).map(([kind, shape]) => [kind, parserOf<U>({ ...common, ...shape })]));
  const expected = `one of ${[...parsers.keys()].join(', ')}`;
  return (value) => {
    const kind = fieldsOf(value)[tag];
    const parser = typeof kind === 'string' ? parsers.get(kind) : undefined;
    if (parser === undefined) throw new Malformed(expected, kind).within(tag);
    return parser(value);
  };
}

/** The value of one field of an object. */
export const field =
  <T>(key: string, parser: Parser<T>): Parser<T> =>
  (value) =>
    inside(key, parser, fieldsOf(value)[key]);

/** Returns the error instead of throwing it. */
export function attempt<T>(parse: () => T): T | Malformed {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Malformed) return error;
    throw error;
  }
}

export type Fields = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Checks that a value is an object. */
export function fieldsOf(value: unknown): Fields {
  if (isObject(value)) return value;
  throw new Malformed('an object', value);
}

function inside<T>(key: string | number, parser: Parser<T>, value: unknown): T {
  try {
    return parser(value);
  } catch (error) {
    throw error instanceof Malformed ? error.within(key) : error;
  }
}
