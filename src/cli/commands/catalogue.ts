import type { Session } from '../session.ts'

/** Milliseconds that the ring has to answer. */
const WAIT = 6_000

/** Shows what peers of the ring list for everybody. */
export async function runCatalogue({ api, report, signal }: Session): Promise<void> {
  report.catalogue(await api.catalogue(WAIT, signal))
}
