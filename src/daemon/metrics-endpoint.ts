import type { IncomingMessage, ServerResponse } from 'node:http';
import { LbError, messageOf } from '../errors/lb-error.ts';
import type { HostPort } from '../lifecycle/app-spec.ts';
import { hostAndPort } from '../lifecycle/wording.ts';
import { EXPOSITION_TYPE } from '../metrics/exposition.ts';
import type { MetricsBody } from '../protocol/control.ts';
import { savedMetrics } from '../protocol/parse-requests.ts';
import { HttpEndpoint } from '../system/http-endpoint.ts';
import { isOwnHost } from '../system/own-host.ts';
import type { PortHolder } from '../system/port-holder.ts';
import { readSaved, savedText } from './saved-file.ts';
import { SavedText } from './saved-text.ts';
import type { FileReports } from './unwritten.ts';

const DEFAULT_HOST = '127.0.0.1';
const PATH = '/metrics';

interface EndpointOptions {
  /** The file that stores the address. */
  readonly file: string;
  readonly text: () => Promise<string>;
  readonly log: (message: string) => void;
  readonly reports: FileReports;
  readonly holder: PortHolder;
  /** Called once if a restored address can't be used. */
  readonly failed: (message: string) => void;
}

/** Serves only the metrics over TCP, nothing of the control API. */
export class MetricsEndpoint {
  readonly #options: EndpointOptions;
  readonly #http: HttpEndpoint;
  readonly #saved: SavedText;
  /** Further names under which they are served. */
  #hosts: readonly string[] = [];

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#saved = new SavedText({ path: options.file, reports: options.reports, without: 'the next daemon serves the metrics where it was saved last' });
    this.#http = new HttpEndpoint({
      holder: options.holder,
      serve: (request, response) => void this.#serve(request, response),
      failure: ({ host, port }, reason) => new LbError('LB_ERR_METRICS_LISTEN', { where: hostAndPort(host, port), reason }),
    });
  }

  /** Listens on the saved address; retries while the port is in use. */
  restore(): void {
    const { file, reports } = this.#options;
    const saved = readSaved({ path: file, parser: savedMetrics, reports, without: 'the metrics are not served' });
    const where = addressOf(saved?.listen ?? null);
    this.#hosts = saved?.hosts ?? [];
    if (where !== null) void this.#http.keepTrying(where, ({ message }) => this.#options.failed(`${message}; retrying every second`));
  }

  /**
   * Serves on this address, now and after a restart; null turns it off. Returns the URL. @throws LbError LB_ERR_METRICS_LISTEN
   * if it can't; then nothing changes
   */
  async move({ listen, hosts = [] }: MetricsBody): Promise<string | null> {
    const where = addressOf(listen);
    await this.#http.move(where);
    this.#hosts = hosts;
    await this.#saved.save(savedText({ listen: where, hosts }));
    return where === null ? null : urlOf(where);
  }

  /** The URL, and why it is not served at the moment; null if it is off. */
  get state(): { readonly url: string; readonly problem: string | null } | null {
    const { wanted, problem } = this.#http;
    if (wanted === null) return null;
    return { url: urlOf(wanted), problem: problem === null ? null : String(problem.details['reason'] ?? problem.message) };
  }

  close(): void {
    this.#http.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {});
    const { host } = request.headers;
    if (!isOwnHost(host, this.#hosts)) return answer(response, 403, 'text/plain', refusal(host));
    if (request.url?.split('?')[0] !== PATH) return answer(response, 404, 'text/plain', `only ${PATH} is served here\n`);
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'text/plain', 'GET only\n');
    try {
      answer(response, 200, EXPOSITION_TYPE, await this.#options.text());
    } catch (error) {
      this.#options.log(`metrics: ${messageOf(error)}`);
      answer(response, 500, 'text/plain', 'the metrics could not be collected\n');
    }
  }
}

function answer(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
}

/** Normalizes an address. */
const addressOf = (where: HostPort | null): HostPort | null => (where === null ? null : { host: where.host ?? DEFAULT_HOST, port: where.port });

const urlOf = ({ host, port }: HostPort): string => `http://${hostAndPort(host, port)}${PATH}`;

const refusal = (host = ''): string =>
  `"${host}" is not known as a name of this machine; ask by its address, or allow the name with "lb metrics --listen <address> --hosts <name>"\n`;
