/** The signal that the app handles, by which it is asked to shut down. */
export function shutdownSignal(): 'SIGTERM' | 'SIGINT' | null {
  if (process.listenerCount('SIGTERM') > 0) return 'SIGTERM';
  return process.listenerCount('SIGINT') > 0 ? 'SIGINT' : null;
}
