import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { SAFE_HEADERS } from './answers.ts';

const FILES = { '/': 'index.html', '/app.js': 'app.js', '/app.css': 'app.css' } as const;
const TYPES = { 'index.html': 'text/html; charset=utf-8', 'app.js': 'text/javascript; charset=utf-8', 'app.css': 'text/css; charset=utf-8' } as const;

interface Asset {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzipped: Buffer;
}

export type Assets = ReadonlyMap<string, Asset>;

/** The files of the page by their path in the URL, read and compressed once. */
export function loadAssets(directory: URL): Assets {
  const assets = new Map<string, Asset>();
  for (const [path, file] of Object.entries(FILES)) {
    const plain = readFileSync(new URL(file, directory));
    assets.set(path, { type: TYPES[file], plain, gzipped: gzipSync(plain, { level: 9 }) });
  }
  return assets;
}

/** @param headers beside those of every answer. */
export function sendAsset({ headers: { 'accept-encoding': accepted = '' } }: IncomingMessage, response: ServerResponse, asset: Asset, headers: Readonly<Record<string, string>>): void {
  const zipped = /\bgzip\b/.test(String(accepted));
  const body = zipped ? asset.gzipped : asset.plain;
  response.writeHead(200, {
    ...SAFE_HEADERS,
    ...headers,
    'content-type': asset.type,
    'content-length': body.length,
    vary: 'accept-encoding',
    ...(zipped ? { 'content-encoding': 'gzip' } : {}),
  });
  response.end(body);
}
