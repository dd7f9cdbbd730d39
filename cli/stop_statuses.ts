/**
 * How a command ends that a signal stopped.
 *
 * @module
 */

/** Exit status for each signal: 128 + its number, or 75 ("try again") for a cluster's notice. */
export const stopStatuses = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143, SIGUSR1: 75, SIGUSR2: 75 } as const;
