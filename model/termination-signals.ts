/**
 * The signals that ask a process to end: Ctrl-C, a request to stop, and a terminal that is closed or whose connection is
 * lost, which Node.js does not ignore under nohup.
 */
export const TERMINATION_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** See {@link TERMINATION_SIGNALS}. */
export type TerminationSignal = (typeof TERMINATION_SIGNALS)[number];

/**
 * Signals that follow another one so soon are of the same request: npm passes on the SIGINT that a terminal has sent to
 * all of its processes, and a shell the SIGHUP that the kernel sends, too.
 */
export const SAME_REQUEST_MS = 500;

/**
 * Listens for requests to end the process, which therefore no longer end it by themselves.
 *
 * @param onRequest called once for each request, with its first signal
 * @returns stops listening
 */
export function onTermination(onRequest: (signal: TerminationSignal) => void): () => void {
  let requestedAt = -Infinity;
  const onSignal = (signal: TerminationSignal): void => {
    const now = performance.now();
    if (now - requestedAt < SAME_REQUEST_MS) return;
    requestedAt = now;
    onRequest(signal);
  };
  for (const signal of TERMINATION_SIGNALS) process.on(signal, onSignal);
  return () => {
    for (const signal of TERMINATION_SIGNALS) process.off(signal, onSignal);
  };
}
