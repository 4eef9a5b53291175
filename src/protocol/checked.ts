import { LbError } from '../errors/lb-error.ts';
import { Malformed, type Parser } from './parser.ts';

/** The same parser for what people, or programs of theirs, have sent. @throws LbError LB_ERR_MESSAGE that names the sender, the field, what was expected and what came */
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

/** JSON that is not parsed yet. @throws LbError LB_ERR_MESSAGE */
export function parseJson(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw asLbError(what, new Malformed('JSON', text));
  }
}
