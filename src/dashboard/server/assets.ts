import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { SAFE_HEADERS } from './answers.ts';

const FILES = { '/': 'index.html', '/app.js': 'app.js', '/app.css': 'app.css' } as const;
const TYPES = { 'index.html': 'text/html; charset=utf-8', 'app.js': 'text/javascript; charset=utf-8', 'app.css': 'text/css; charset=utf-8' } as const;

interface Asset {
  readonly type: string;
  readonly plain: Buffer;
  /** By encoding, in order of preference. */
  readonly encoded: Readonly<Record<string, Buffer>>;
}

export type Assets = ReadonlyMap<string, Asset>;

/** Loads the files of the page, by URL path. The build has put compressed variants beside them. */
export function loadAssets(directory: URL): Assets {
  const assets = new Map<string, Asset>();
  for (const [path, file] of Object.entries(FILES)) {
    const plain = readFileSync(new URL(file, directory));
    const br = readFileSync(new URL(`${file}.br`, directory));
    assets.set(path, { type: TYPES[file], plain, encoded: { br, gzip: gzipSync(plain, { level: 9 }) } });
  }
  return assets;
}

/** @param headers in addition to those of every response */
export function sendAsset(
  request: IncomingMessage,
  response: ServerResponse,
  { type, plain, encoded }: Asset,
  headers: Readonly<Record<string, string>>,
): void {
  const accepted = acceptedEncodings(request);
  const [encoding, body] = Object.entries(encoded).find(([name]) => accepted.includes(name)) ?? [null, plain];
  response.writeHead(200, {
    ...SAFE_HEADERS,
    ...headers,
    'content-type': type,
    'content-length': body.length,
    vary: 'accept-encoding',
    ...(encoding === null ? {} : { 'content-encoding': encoding }),
  });
  response.end(body);
}

/** Without encodings that `q=0` excludes. */
function acceptedEncodings({ headers }: IncomingMessage): string[] {
  const offers = (headers['accept-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .map((offer) => offer.split(';').map((part) => part.trim()));
  return offers.filter(([, quality = '']) => !/^q=0(\.0*)?$/.test(quality)).map(([name = '']) => name);
}
