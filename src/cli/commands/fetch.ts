import { resolve, sep } from 'node:path'
import type { Digest, PeerApi, VideoSnapshot } from '../../peer/api.ts'
import { PeerError } from '../../peer/errors.ts'
import type { Report } from '../report.ts'
import type { Session } from '../session.ts'
import { untilInterrupted } from '../session.ts'

export interface FetchCommandOptions {
  out?: string
  seed?: boolean
  watch?: boolean
}

/** Fetches, verifies, merges; with `seed` or `watch` stays. */
export async function runFetch(
  session: Session,
  idOrLink: string,
  options: FetchCommandOptions
): Promise<void> {
  const { api, report, signal } = session
  const started = await api.fetch(idOrLink, { output: outputOf(options.out) })
  const completion = completed(api, report, started.digest, signal)
  if (options.watch) await Promise.race([reportStream(api, report, started.digest), completion])
  const video = await completion
  report.complete({
    id: video.id,
    path: video.path ?? '',
    sha256: video.sha256 ?? '',
    seconds: (performance.now() - session.listeningSince) / 1000
  })
  if (!options.seed && !options.watch) return
  report.note('Sharing on what was fetched. Press Ctrl+C to stop.')
  await untilInterrupted(signal)
}

// A trailing separator says "folder" even where none exists yet, as cp and rsync do.
function outputOf(out: string | undefined): string {
  if (!out) return process.cwd()
  return out.endsWith(sep) ? resolve(out) + sep : resolve(out)
}

async function reportStream(api: PeerApi, report: Report, digest: Digest): Promise<void> {
  report.stream(await api.streamUrl(digest))
}

/** Resolves with the finished video; rejects when it failed, was paused elsewhere or the user interrupted. */
function completed(
  api: PeerApi,
  report: Report,
  digest: Digest,
  signal: AbortSignal
): Promise<VideoSnapshot> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      unsubscribe()
      signal.removeEventListener('abort', onAbort)
      settle()
    }
    const onAbort = (): void => finish(() => reject(new PeerError('ABORTED', 'Interrupted.')))
    const onVideo = (video: VideoSnapshot): void => {
      if (video.digest !== digest) return
      // While an earlier run's chunks are checked again nothing arrives.
      if (video.state === 'transferring' || video.state === 'complete') report.progress(video)
      const failure = video.failure
      if (video.state === 'complete') finish(() => resolve(video))
      if (failure && (video.state === 'failed' || video.state === 'paused')) {
        finish(() => reject(new PeerError(failure.code, failure.message)))
      }
    }
    const unsubscribe = api.on('video', onVideo)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    // It may have finished before we listened.
    api.videos().then(
      videos => videos.forEach(onVideo),
      error => finish(() => reject(error))
    )
  })
}
