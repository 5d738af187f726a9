import { networkInterfaces } from 'node:os'

/** Milliseconds for which an answer of the operating system serves: asking takes as long as many decisions that need it. */
const LIFETIME = 2_000

let known: { interfaces: ReturnType<typeof networkInterfaces>; at: number } | undefined

/** This machine's network interfaces, as they were within the last two seconds. */
export function localInterfaces(): ReturnType<typeof networkInterfaces> {
  const now = performance.now()
  if (!known || now - known.at > LIFETIME) known = { interfaces: networkInterfaces(), at: now }
  return known.interfaces
}
