/**
 * The signals that ask a process to end: Ctrl-C, a request to stop, and a terminal that is closed or whose connection is
 * lost, which Node.js does not ignore under nohup.
 */
export const TERMINATION_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
