import type { Session } from '../session.ts'

/** Shows who holds what, and by which hops that was found. */
export async function runLookup({ api, report, signal }: Session, idOrLink: string): Promise<void> {
  report.lookup(await api.lookup(idOrLink, signal))
}
