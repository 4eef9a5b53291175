import { LbError } from '../errors/lb-error.ts';
import { Malformed, type Parser } from './parser.ts';

/** Wraps a parser for input from users or their programs. @throws LbError LB_ERR_MESSAGE with sender, field, expected and actual value */
export const checked =
  <T>(what: string, parser: Parser<T>): Parser<T> =>
  (value) => {
    try {
      return parser(value);
    } catch (error) {
      throw error instanceof Malformed ? asLbError(what, error) : error;
    }
  };

export const asLbError = (what: string, { path, expected, got }: Malformed): LbError =>
  new LbError('LB_ERR_MESSAGE', { what, path: path === '' ? 'body' : path, expected, got });

/** Parses JSON without checking its shape. @throws LbError LB_ERR_MESSAGE */
export function parseJson(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw asLbError(what, new Malformed('JSON', text));
  }
}
