/** Milliseconds before the first repetition, and at most. */
const FIRST = 1000
const LONGEST = 30_000

/** Milliseconds to wait after the `failures`-th failure in a row: 1 s, 2 s, 4 s, … 30 s. */
export function backoff(failures: number): number {
  return Math.min(LONGEST, FIRST * 2 ** Math.max(0, failures - 1))
}
