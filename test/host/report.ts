import { format } from 'node:util'

/** Marks what the tests say among all that an extension host logs; the runner prints these lines alone. */
export const reportMark = '[test] '

/** Prints to the terminal of whoever runs the host tests. */
export function report(...args: unknown[]): void {
  console.log(reportMark + format(...args))
}
