import type { VideoSnapshot } from '../../peer/api.ts'
import { completed } from '../completed.ts'
import { prepareOutput } from '../output.ts'
import { type Session, untilInterrupted } from '../session.ts'

export interface FetchCommandOptions {
  out?: string
  seed?: boolean
  watch?: boolean
  watchOnly?: boolean
}

/** Fetches, verifies, merges; with `seed` or `watch` stays. With `watchOnly` it plays without saving, until it is interrupted. */
export async function runFetch(
  session: Session,
  idOrLink: string,
  options: FetchCommandOptions
): Promise<void> {
  const { api, report, signal } = session
  const started = await api.fetch(
    idOrLink,
    options.watchOnly ? { save: false } : { output: await prepareOutput(options.out) }
  )
  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  try {
    await Promise.all([
      completed(api, report, started.digest, either).then(video => reportComplete(session, video)),
      options.watch || options.watchOnly ? reportStream(session, started) : undefined
    ])
  } finally {
    failed.abort()
  }
  if (!options.seed && !options.watch && !options.watchOnly) return
  report.note('Sharing on what was fetched. Press Ctrl+C to stop.')
  await untilInterrupted(signal)
}

function reportComplete({ report, listeningSince }: Session, video: VideoSnapshot): void {
  report.complete({
    id: video.id,
    path: video.path ?? '',
    sha256: video.sha256 ?? '',
    seconds: (performance.now() - listeningSince) / 1000
  })
}

async function reportStream({ api, report }: Session, { digest, watchOnly }: VideoSnapshot): Promise<void> {
  report.stream(await api.streamUrl(digest))
  if (watchOnly) report.note('Nothing is saved. Press Ctrl+C to stop.')
}
