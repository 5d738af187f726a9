import type { Digest, VideoSnapshot } from '../../peer/api.ts'
import { PeerError } from '../../peer/errors.ts'
import { displayName } from '../../shared/format.ts'
import { mediaKind } from '../../shared/media-type.ts'
import type { PeerModel } from '../peer-model.ts'

/**
 * Waits until enough is known of a video to open a player: its manifest and its type.
 * Rejects when it is removed, fails before that, or is of a type that cannot be shown; `ABORTED` by the signal.
 */
export function awaitPlayable(model: PeerModel, digest: Digest, signal: AbortSignal): Promise<VideoSnapshot> {
  return new Promise((resolve, reject) => {
    const check = (): void => {
      const verdict = judge(model.video(digest), signal)
      if (verdict === undefined) return
      for (const unsubscribe of subscriptions) unsubscribe()
      signal.removeEventListener('abort', check)
      if (verdict instanceof PeerError) reject(verdict)
      else resolve(verdict)
    }
    const subscriptions = [model.events.on('videos', check), model.events.on('video', check)]
    signal.addEventListener('abort', check)
    check()
  })
}

function judge(video: VideoSnapshot | undefined, signal: AbortSignal): VideoSnapshot | PeerError | undefined {
  if (signal.aborted) return new PeerError('ABORTED', 'Watching was cancelled.')
  if (video === undefined) return new PeerError('ABORTED', 'The video was removed.')
  if (isKnown(video)) return mediaKind(video.mimeType) === undefined ? unplayable(video) : video
  if (video.failure !== undefined) return new PeerError(video.failure.code, video.failure.message)
  return undefined
}

/** Manifest and metadata are here. Chunks are no sign of it: the first may come before the type is told. */
function isKnown(video: VideoSnapshot): boolean {
  return video.chunks > 0 && video.mimeType !== ''
}

function unplayable(video: VideoSnapshot): PeerError {
  const name = displayName(video.name)
  return new PeerError('NOT_SUPPORTED', `The player cannot show ${name}. Open it from the downloads folder.`)
}
