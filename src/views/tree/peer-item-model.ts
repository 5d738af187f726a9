import type { ConnectedPeerSnapshot, VideoSnapshot } from '../../peer/api.ts'
import {
  countOf,
  describeAddress,
  displayName,
  formatRate,
  percentOf,
  shortPeerId
} from '../../shared/format.ts'
import type { Tooltip } from '../tooltip.ts'
import type { ItemModel } from './item-model.ts'

/** The line of a connected peer: end of its id, address, round-trip time, path, what it holds. */
export function peerItem(peer: ConnectedPeerSnapshot): ItemModel {
  const address = describeAddress(peer.address)
  const facts = [address]
  if (peer.roundTripMilliseconds !== undefined) facts.push(`${Math.round(peer.roundTripMilliseconds)} ms`)
  facts.push(peer.path)
  if (peer.downloadBytesPerSecond > 0) facts.push(`↓ ${formatRate(peer.downloadBytesPerSecond)}`)
  if (peer.uploadBytesPerSecond > 0) facts.push(`↑ ${formatRate(peer.uploadBytesPerSecond)}`)
  if (peer.holds.length > 0) facts.push(`holds ${countOf(peer.holds.length, 'video')}`)
  return {
    id: `peer:${peer.peerId}`,
    label: shortPeerId(peer.peerId),
    description: facts.join(' · '),
    icon: { id: peer.path === 'relay' ? 'arrow-swap' : 'vm', color: healthColor(peer.roundTripMilliseconds) },
    contextValue: 'peer',
    accessibilityLabel: `Peer ${shortPeerId(peer.peerId)}, ${facts.join(', ')}${peer.inRing ? ', in the ring' : ''}`
  }
}

/** All that is known of a peer, for the tooltip. */
export function peerTooltip(peer: ConnectedPeerSnapshot): Tooltip {
  const rows: Tooltip['rows'] = [
    ['Peer ID', peer.peerId],
    ['Address', peer.address],
    ['Path', peer.path === 'direct' ? 'direct connection' : 'through a relay'],
    ['Ring', peer.inRing ? 'member' : 'client or not yet known']
  ]
  if (peer.roundTripMilliseconds !== undefined) {
    rows.push(['Round trip', `${Math.round(peer.roundTripMilliseconds)} ms`])
  }
  rows.push(['Receiving', formatRate(peer.downloadBytesPerSecond)])
  rows.push(['Sending', formatRate(peer.uploadBytesPerSecond)])
  return { title: `Peer ${shortPeerId(peer.peerId)}`, rows }
}

/** The line below a peer: how much it holds of one video of this library. */
export function holdingItem(
  peer: ConnectedPeerSnapshot,
  holding: ConnectedPeerSnapshot['holds'][number],
  video: VideoSnapshot | undefined
): ItemModel {
  const name = video === undefined ? holding.digest.slice(0, 8) : displayName(video.name)
  const percent = percentOf(holding.have, holding.chunks)
  const chunks = `${holding.have} of ${countOf(holding.chunks, 'chunk')}`
  return {
    id: `peer:${peer.peerId}:${holding.digest}`,
    label: name,
    description: `${percent} % · ${chunks}`,
    icon: { id: 'device-camera-video' },
    contextValue: 'holding',
    accessibilityLabel: `${name}: holds ${percent} percent, ${chunks}`
  }
}

function healthColor(roundTripMilliseconds: number | undefined): string {
  if (roundTripMilliseconds === undefined) return 'disabledForeground'
  if (roundTripMilliseconds < 150) return 'charts.green'
  return roundTripMilliseconds < 500 ? 'charts.yellow' : 'charts.orange'
}
