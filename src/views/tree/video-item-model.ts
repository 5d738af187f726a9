import type { VideoSnapshot } from '../../peer/api.ts'
import { codecNames } from '../../shared/codec-names.ts'
import { countOf, displayName, formatBytes, formatRate, formatTime, percentOf } from '../../shared/format.ts'
import { formatFrameRate } from '../../shared/media-facts.ts'
import { mediaKind } from '../../shared/media-type.ts'
import type { Tooltip } from '../tooltip.ts'
import {
  describeProgress,
  describeSize,
  describeState,
  isActive,
  isComplete,
  isOffline,
  isResumable,
  unsharedNote
} from '../video-state.ts'
import type { ItemIcon, ItemModel } from './item-model.ts'

const stateIcons: Record<VideoSnapshot['state'], ItemIcon> = {
  preparing: { id: 'loading~spin' },
  sharing: { id: 'broadcast', color: 'charts.green' },
  stale: { id: 'warning', color: 'list.warningForeground' },
  finding: { id: 'search', color: 'charts.blue' },
  asking: { id: 'key', color: 'charts.blue' },
  transferring: { id: 'cloud-download', color: 'charts.blue' },
  paused: { id: 'debug-pause', color: 'disabledForeground' },
  verifying: { id: 'loading~spin' },
  complete: { id: 'pass-filled', color: 'charts.green' },
  failed: { id: 'error', color: 'list.errorForeground' }
}

const offlineIcon: ItemIcon = { id: 'circle-slash', color: 'disabledForeground' }

const watchOnlyIcon: ItemIcon = { id: 'eye', color: 'charts.blue' }

/** The line of a video: name, size, state, rate, holders. `online`: this peer is in the network. */
export function videoItem(video: VideoSnapshot, online: boolean): ItemModel {
  const name = displayName(video.name)
  return {
    id: `video:${video.digest}`,
    label: name,
    description: `${describeSize(video)} · ${describeProgress(video, online)}`,
    icon: iconOf(video, online),
    contextValue: videoFlags(video).join('.'),
    accessibilityLabel: [name, describeSize(video), ...spokenState(video, online)].join(', ')
  }
}

function iconOf(video: VideoSnapshot, online: boolean): ItemIcon {
  if (isOffline(video, online)) return offlineIcon
  return video.watchOnly && video.state === 'transferring' ? watchOnlyIcon : stateIcons[video.state]
}

/** Flags for menus: `video`, origin, state, and what can be done with it. */
export function videoFlags(video: VideoSnapshot): string[] {
  const flags = ['video', video.origin, video.state]
  if (isActive(video)) flags.push('active')
  if (isResumable(video)) flags.push('resumable')
  if (isComplete(video)) flags.push('whole')
  if (mediaKind(video.mimeType) !== undefined) flags.push('playable')
  if (video.path !== undefined) flags.push('local')
  if (video.watchOnly) flags.push('watchOnly')
  if (video.listed) flags.push('listed')
  return flags
}

/** All that is known of a video, for the tooltip. The ID is a secret and not among it. */
export function videoTooltip(video: VideoSnapshot, online: boolean): Tooltip {
  const rows: Tooltip['rows'] = [
    ['State', describeState(video, online)],
    ['Size', describeSize(video)]
  ]
  if (video.mimeType !== '') rows.push(['Type', displayName(video.mimeType)])
  rows.push(...mediaRows(video))
  if (video.chunks > 0)
    rows.push(['Chunks', `${video.have} of ${video.chunks}, ${formatBytes(video.chunkSize)} each`])
  rows.push(['Holders', `${countOf(video.holders, 'peer')} besides this one`])
  if (video.downloadBytesPerSecond > 0) rows.push(['Receiving', formatRate(video.downloadBytesPerSecond)])
  if (video.uploadBytesPerSecond > 0) rows.push(['Sending', formatRate(video.uploadBytesPerSecond)])
  if (video.path !== undefined) rows.push(['File', video.path])
  rows.push(['Access', accessWords[video.policy]])
  if (video.listed) rows.push(['Catalogue', 'shown to everybody in the ring'])
  return { title: displayName(video.name), rows, ...noteOf(video) }
}

const accessWords: Record<VideoSnapshot['policy'], string> = {
  open: 'whoever has the ID',
  ask: 'whom the owner approves',
  peers: 'peers that the owner listed'
}

function mediaRows(video: VideoSnapshot): Tooltip['rows'] {
  const { durationSeconds, width, height, frameRate, codecs, hasAudio, captions } = video
  const rows: Tooltip['rows'] = []
  if (durationSeconds !== undefined) rows.push(['Duration', formatTime(durationSeconds)])
  if (width !== undefined && height !== undefined) {
    const pace = frameRate === undefined ? '' : `, ${formatFrameRate(frameRate)}`
    rows.push(['Picture', `${width} × ${height}${pace}`])
  }
  if (codecs) rows.push(['Codecs', displayName(codecNames(codecs))])
  if (hasAudio === false) rows.push(['Sound', 'none'])
  if (captions !== undefined)
    rows.push(['Captions', captions.map(({ label }) => displayName(label)).join(', ')])
  return rows
}

function noteOf(video: VideoSnapshot): { note?: string } {
  if (video.unshared && isComplete(video)) return { note: unsharedNote }
  if (video.failure !== undefined) return { note: video.failure.message }
  if (video.state === 'stale') {
    return {
      note: 'The file changed after it was shared and is not sent any more. Share it again for a new ID.'
    }
  }
  return {}
}

function spokenState(video: VideoSnapshot, online: boolean): string[] {
  const words = [describeState(video, online)]
  if (video.chunks > 0 && !isComplete(video)) words.push(`${percentOf(video.have, video.chunks)} percent`)
  words.push(countOf(video.holders, 'holder'))
  if (video.watchOnly) words.push('not saved')
  if (video.unshared) words.push('no longer shared by its owner')
  if (video.failure !== undefined) words.push(video.failure.message)
  return words
}
