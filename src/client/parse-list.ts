import { checked } from '../protocol/checked.ts';
import { appWithWorkers, listedApp } from '../protocol/parse-listed-app.ts';
import { list, object, type Parser, type Shape } from '../protocol/parser.ts';

export const fromDaemon = <T>(what: string, parser: Parser<T>): Parser<T> => checked(`${what} from the daemon`, parser);

/** The list that an answer has in its one field. */
export function inField<Key extends string, T>(key: Key, item: Parser<T>): Parser<readonly T[]> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a computed key widens the type of the literal
  const answer = object({ [key]: list(item) } as Shape<Record<Key, readonly T[]>>);
  return (value) => answer(value)[key];
}

/** The body of `GET /v1/list`; that of `GET /v1/apps` has all of it, and more. @throws LbError LB_ERR_MESSAGE */
export const parseListedApps = fromDaemon('list of apps', inField('apps', listedApp));

/** Of the body of `GET /v1/apps` what `lb list --workers` shows. @throws LbError LB_ERR_MESSAGE */
export const parseAppsWithWorkers = fromDaemon('list of apps', inField('apps', appWithWorkers));
