import type { VideoSnapshot } from '../peer/api.ts'
import { countOf, formatBytes, formatRate, percentOf } from '../shared/format.ts'

/** Every chunk is here, so that the video can be watched and verified without the network. */
export function isComplete(video: VideoSnapshot): boolean {
  return video.origin === 'shared' ? video.state !== 'preparing' : video.state === 'complete'
}

/** The download is on its way: it can be paused. */
export function isActive(video: VideoSnapshot): boolean {
  return ['finding', 'asking', 'transferring', 'verifying'].includes(video.state)
}

/** The download stopped before its end: it can be resumed. */
export function isResumable(video: VideoSnapshot): boolean {
  return (
    video.origin === 'fetched' && !video.unshared && (video.state === 'paused' || video.state === 'failed')
  )
}

/** Bytes are moving for this video now, in either direction. */
export function isTransferring(video: VideoSnapshot): boolean {
  return isActive(video) || video.uploadBytesPerSecond > 0 || video.state === 'preparing'
}

const stateWords: Record<VideoSnapshot['state'], string> = {
  preparing: 'preparing',
  sharing: 'sharing',
  stale: 'file changed',
  finding: 'finding peers',
  asking: 'asking for the key',
  transferring: 'downloading',
  paused: 'paused',
  verifying: 'verifying',
  complete: 'complete',
  failed: 'failed'
}

/** It would be shared, were this peer in the network. */
export function isOffline(video: VideoSnapshot, online: boolean): boolean {
  return video.state === 'sharing' && !online
}

/** The state in words. `online`: this peer is in the network. */
export function describeState(video: VideoSnapshot, online = true): string {
  return isOffline(video, online) ? 'offline' : stateWords[video.state]
}

/** What became of a whole video whose owner has ended it. */
export const unsharedNote =
  'The owner stopped sharing this video. Your copy stays; it is not served any more.'

/** One line: how far, how fast, how many peers. Used in the tree and in progress notifications. */
export function describeProgress(video: VideoSnapshot, online = true): string {
  const parts = [describeState(video, online)]
  if (video.chunks > 0 && !isComplete(video)) parts[0] = `${percentOf(video.have, video.chunks)} %`
  if (video.watchOnly) parts.push('not saved')
  if (video.state === 'paused' || video.state === 'failed') parts.push(describeState(video))
  if (video.downloadBytesPerSecond > 0) parts.push(`↓ ${formatRate(video.downloadBytesPerSecond)}`)
  if (video.uploadBytesPerSecond > 0) parts.push(`↑ ${formatRate(video.uploadBytesPerSecond)}`)
  parts.push(video.unshared ? 'no longer shared by its owner' : countOf(video.holders, 'holder'))
  return parts.join(' · ')
}

/** Size in words, or what is awaited before it is known. */
export function describeSize(video: VideoSnapshot): string {
  return video.bytes > 0 || video.chunks > 0 ? formatBytes(video.bytes) : 'size unknown'
}
