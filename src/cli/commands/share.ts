import { resolve } from 'node:path'
import type { Session } from '../session.ts'
import { untilInterrupted } from '../session.ts'

/** Shares files, prints their IDs and links, and stays to serve them. */
export async function runShare(session: Session, files: string[], options: { new?: boolean }): Promise<void> {
  const { api, report, signal, borrowed } = session
  for (const file of files) {
    const video = await api.share(resolve(file), { policy: 'open', fresh: options.new ?? false }, signal)
    report.shared(video, await api.link(video.digest))
  }
  if (borrowed) {
    report.note('The peer that runs in this data folder goes on sharing.')
    return
  }
  report.note('Press Ctrl+C to stop sharing.')
  await untilInterrupted(signal)
}
