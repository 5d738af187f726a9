import { setTimeout as delay } from 'node:timers/promises'
import type { Digest, PeerApi, VideoSnapshot } from '../peer/api.ts'
import { PeerError } from '../peer/errors.ts'
import type { Unsubscribe } from '../peer/event-emitter.ts'
import type { Report } from './report.ts'
import { interruption } from './session.ts'

/** Milliseconds after which a pause counts: an owner that hands its peer over pauses too, and the next one goes on. */
const PAUSE_HOLDS = 1000

/**
 * Reports a download's progress until it has ended. Resolves with the finished video.
 * @throws PeerError why it failed; ABORTED when it was paused elsewhere or `signal` was aborted, VIDEO_UNKNOWN when removed
 */
export async function completed(
  api: PeerApi,
  report: Report,
  digest: Digest,
  signal: AbortSignal
): Promise<VideoSnapshot> {
  const end = new DownloadEnd(api, report, digest)
  const onAbort = (): void => end.reject(interruption(signal))
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await end.wait()
  } finally {
    signal.removeEventListener('abort', onAbort)
    end.dispose()
  }
}

class DownloadEnd {
  readonly #api: PeerApi
  readonly #report: Report
  readonly #digest: Digest
  readonly #end = Promise.withResolvers<VideoSnapshot>()
  readonly #subscriptions: Unsubscribe[]
  readonly #disposed = new AbortController()
  #checkingPause = false
  #isDescribed = false

  constructor(api: PeerApi, report: Report, digest: Digest) {
    this.#api = api
    this.#report = report
    this.#digest = digest
    // Whoever awaits it hears of the failure; it may come before anybody does.
    this.#end.promise.catch(() => undefined)
    this.#subscriptions = [
      api.on('video', video => this.#onVideo(video)),
      api.on('videoRemoved', removed => {
        if (removed.digest === digest) this.reject(videoRemoved())
      })
    ]
  }

  reject(error: unknown): void {
    this.#end.reject(error)
  }

  /** It may have finished, or gone, before anybody listened: so the library is read first. */
  wait(): Promise<VideoSnapshot> {
    this.#find().then(
      video => this.#onVideo(video),
      error => this.reject(error)
    )
    return this.#end.promise
  }

  dispose(): void {
    this.#disposed.abort()
    for (const unsubscribe of this.#subscriptions) unsubscribe()
  }

  async #find(): Promise<VideoSnapshot> {
    const videos = await this.#api.videos()
    const video = videos.find(({ digest }) => digest === this.#digest)
    if (!video) throw videoRemoved()
    return video
  }

  #onVideo(video: VideoSnapshot): void {
    if (video.digest !== this.#digest || this.#disposed.signal.aborted) return
    const { state, failure } = video
    this.#describe(video)
    // While an earlier run's chunks are checked again nothing arrives.
    if (state === 'transferring' || state === 'complete') this.#report.progress(video)
    if (state === 'complete') this.#end.resolve(video)
    if (failure && (state === 'failed' || state === 'paused')) {
      this.reject(new PeerError(failure.code, failure.message))
    } else if (state === 'paused') this.#onPause()
  }

  #describe(video: VideoSnapshot): void {
    if (this.#isDescribed || video.mimeType === '') return
    this.#isDescribed = true
    this.#report.described(video)
  }

  #onPause(): void {
    if (this.#checkingPause) return
    this.#checkingPause = true
    this.#requireGoingOn()
      .catch((error: unknown) => this.reject(error))
      .finally(() => {
        this.#checkingPause = false
      })
  }

  async #requireGoingOn(): Promise<void> {
    await delay(PAUSE_HOLDS, undefined, { signal: this.#disposed.signal })
    const { state } = await this.#find()
    if (state === 'paused') throw paused()
  }
}

function paused(): PeerError {
  return new PeerError('ABORTED', 'The download was paused elsewhere. Run this command again to go on.')
}

function videoRemoved(): PeerError {
  return new PeerError(
    'VIDEO_UNKNOWN',
    'The video was removed elsewhere before it was complete. Run this command again to fetch it anew.'
  )
}
