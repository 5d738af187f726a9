import type { ConnectedPeerSnapshot, RingSnapshot } from '../../peer/api.ts'
import { countOf, describeAddress, shortPeerId } from '../../shared/format.ts'
import type { Tooltip } from '../tooltip.ts'
import type { ItemModel } from './item-model.ts'

/** A line of the ring in the Peers view, with those below it. */
export interface RingLine {
  item: ItemModel
  tooltip: Tooltip
  children: RingLine[]
}

/** Digits of a ring position that are shown: enough to tell peers apart. */
const SHOWN_DIGITS = 12

/**
 * Whether there is a ring to look at. Who is alone in it is told how to meet others instead.
 */
export function showsRing(ring: RingSnapshot | undefined): ring is RingSnapshot {
  return ring !== undefined && (ring.estimatedSize > 1 || ring.successors.length > 0)
}

/** This peer's place in the ring: role and why, size, position, neighbours, fingers, records. */
export function ringLine(ring: RingSnapshot, peers: readonly ConnectedPeerSnapshot[]): RingLine {
  const size = `about ${countOf(ring.estimatedSize, 'member')}`
  const connected = new Map(peers.map(peer => [peer.peerId, peer]))
  const root = line('ring', 'Ring', [ring.name, ring.role, size], 'circle-large-outline')
  return {
    ...root,
    tooltip: { title: `Ring “${ring.name}”`, rows: [['Role', ring.role]], note: ring.roleReason },
    children: [
      line(
        'ring:role',
        ring.role === 'member' ? 'Member' : 'Client',
        [ring.roleReason],
        roleIcons[ring.role]
      ),
      line('ring:size', 'Size', [size], 'organization'),
      positionLine(ring.position),
      predecessorLine(ring.predecessor, connected),
      peersLine('successors', 'Successors', ring.successors, connected),
      peersLine('fingers', 'Fingers', ring.fingers, connected),
      recordsLine(ring.records)
    ]
  }
}

const roleIcons: Record<RingSnapshot['role'], string> = { member: 'pass', client: 'info' }

function line(id: string, label: string, facts: readonly string[], icon: string): RingLine {
  const description = facts.join(' · ')
  const item = {
    id,
    label,
    description,
    icon: { id: icon },
    contextValue: 'ring',
    accessibilityLabel: [label, ...facts].join(', ')
  }
  return { item, tooltip: { title: label, rows: [], note: description }, children: [] }
}

function positionLine(position: string): RingLine {
  const shown = line('ring:position', 'Position', [`${position.slice(0, SHOWN_DIGITS)}…`], 'compass')
  const note = 'SHA-256 of this peer’s ID: keys from its predecessor’s position up to this one are its own.'
  return { ...shown, tooltip: { title: 'Position', rows: [['Of 2²⁵⁶', position]], note } }
}

type Connected = ReadonlyMap<string, ConnectedPeerSnapshot>

function predecessorLine(peerId: string | undefined, connected: Connected): RingLine {
  if (peerId === undefined) return line('ring:predecessor', 'Predecessor', ['not known yet'], 'arrow-left')
  const facts = [shortPeerId(peerId), ...connectionFacts(connected.get(peerId))]
  const shown = line('ring:predecessor', 'Predecessor', facts, 'arrow-left')
  return { ...shown, tooltip: peerTooltip('Predecessor', peerId, connected) }
}

function peersLine(id: string, label: string, peerIds: readonly string[], connected: Connected): RingLine {
  const facts = [peerIds.length === 0 ? 'none' : countOf(peerIds.length, 'peer')]
  const icon = id === 'successors' ? 'arrow-right' : 'references'
  const children = peerIds.map((peerId, index) => {
    const place = id === 'successors' ? [`${index + 1}.`] : []
    const shown = line(
      `ring:${id}:${peerId}`,
      [...place, shortPeerId(peerId)].join(' '),
      connectionFacts(connected.get(peerId)),
      'vm'
    )
    return { ...shown, tooltip: peerTooltip(label.slice(0, -1), peerId, connected) }
  })
  const shown = line(`ring:${id}`, label, facts, icon)
  return { ...shown, tooltip: { title: label, rows: [], note: notes[id] ?? '' }, children }
}

const notes: Record<string, string> = {
  successors: 'The next members behind this one, nearest first. They keep copies of its records.',
  fingers: 'Members far away, each at about double the distance of the one before: look-ups begin with them.'
}

function recordsLine(records: number): RingLine {
  const shown = line('ring:records', 'Records', [countOf(records, 'record')], 'database')
  const note =
    'Which peer holds which chunks of a video, kept here for the ring. Videos themselves are not in it.'
  return { ...shown, tooltip: { title: 'Records', rows: [], note } }
}

function connectionFacts(peer: ConnectedPeerSnapshot | undefined): string[] {
  if (peer === undefined) return ['not connected']
  const address = describeAddress(peer.address)
  if (peer.roundTripMilliseconds === undefined) return [address]
  return [address, `${Math.round(peer.roundTripMilliseconds)} ms`]
}

function peerTooltip(title: string, peerId: string, connected: Connected): Tooltip {
  const facts = connectionFacts(connected.get(peerId)).join(' · ')
  return {
    title: `${title} ${shortPeerId(peerId)}`,
    rows: [
      ['Peer ID', peerId],
      ['Connection', facts]
    ]
  }
}
