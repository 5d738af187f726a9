import type { Session } from '../session.ts'
import { untilInterrupted } from '../session.ts'

/** Stays in the ring until interrupted, and reports each change of the ring. */
export async function runPeer({ api, report, signal, borrowed }: Session): Promise<void> {
  if (borrowed) {
    report.note('A peer runs in this data folder already; it has joined.')
    return
  }
  const status = await api.status()
  let last = ''
  const reportRing = (ring: typeof status.ring): void => {
    const text = JSON.stringify(ring)
    if (!ring || text === last) return
    last = text
    report.ring(ring)
  }
  reportRing(status.ring)
  api.on('status', changed => reportRing(changed.ring))
  report.note('In the ring. Press Ctrl+C to leave.')
  await untilInterrupted(signal)
}
