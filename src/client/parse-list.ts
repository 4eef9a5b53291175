import { checked } from '../protocol/checked.ts';
import { appWithWorkers, listedApp } from '../protocol/parse-listed-app.ts';
import { field, list, object, optional, string, type Parser } from '../protocol/parser.ts';

export const fromDaemon = <T>(what: string, parser: Parser<T>): Parser<T> => checked(`${what} from the daemon`, parser);

/** The body of `GET /v1/list`; that of `GET /v1/apps` is a superset. @throws LbError LB_ERR_MESSAGE */
export const parseListedApps = fromDaemon('list of apps', field('apps', list(listedApp)));

/** The part of the body of `GET /v1/apps` that `lb list --workers` shows. @throws LbError LB_ERR_MESSAGE */
export const parseAppsWithWorkers = fromDaemon('list of apps', field('apps', list(appWithWorkers)));

const notes = fromDaemon('list of apps', object<{ readonly notes?: readonly string[] }>({ notes: optional(list(string)) }));

/** What a list has to say besides its apps; older daemons say nothing. @throws LbError LB_ERR_MESSAGE */
export const parseNotes = (answer: unknown): readonly string[] => notes(answer).notes ?? [];
