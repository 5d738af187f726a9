import type { PeerApi } from '../../peer/api.ts'
import type { Report } from '../report.ts'

/** Shows the running peer of the data folder. */
export async function runStatus(api: PeerApi, report: Report): Promise<void> {
  report.status(await api.status(), await api.videos())
}
