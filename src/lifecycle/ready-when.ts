/** What shows that a command is ready. */
export type ReadyWhen =
  /** This TCP port of this machine accepts a connection. */
  | { readonly by: 'port'; readonly port: number }
  /** A GET of this path on the port is answered with a status below 400. */
  | { readonly by: 'path'; readonly path: string; readonly port: number }
  /** This shell command ends with 0. */
  | { readonly by: 'command'; readonly command: string }
  /** This file was written since the start. */
  | { readonly by: 'file'; readonly file: string };

/** What is not so yet, as the reason for a start that failed. */
export function describeUnready(when: ReadyWhen): string {
  switch (when.by) {
    case 'port':
      return `nothing accepts connections on port ${when.port}`;
    case 'path':
      return `no answer below 400 to GET ${when.path} on port ${when.port}`;
    case 'command':
      return `"${when.command}" does not succeed`;
    case 'file':
      return `${when.file} was not written`;
  }
}

/** A clause for after "when": `port 8000 accepts connections`. */
export function describeReadyWhen(when: ReadyWhen): string {
  switch (when.by) {
    case 'port':
      return `port ${when.port} accepts connections`;
    case 'path':
      return `GET ${when.path} on port ${when.port} is answered below 400`;
    case 'command':
      return `"${when.command}" succeeds`;
    case 'file':
      return `${when.file} was written`;
  }
}
