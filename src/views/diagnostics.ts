import type { ConnectedPeerSnapshot, Failure, PeerStatus, VideoSnapshot } from '../peer/api.ts'
import { describeGossip } from '../peer/gossip/gossip-text.ts'
import type { LogLine } from '../peer/log.ts'
import { formatBytes } from '../shared/format.ts'
import type { NetworkState } from '../shared/player-protocol.ts'

/** What a report about a problem is made of. */
export interface DiagnosticsInput {
  versions: string
  environment: string
  state: NetworkState
  role: 'owner' | 'client' | undefined
  failure: Failure | undefined
  status: PeerStatus | undefined
  videos: readonly VideoSnapshot[]
  peers: readonly ConnectedPeerSnapshot[]
  log: readonly LogLine[]
}

/** A report in Markdown. It holds addresses and peer ids, but no video's ID, name or path. */
export function diagnosticsReport(input: DiagnosticsInput): string {
  return [
    '## Chordcast diagnostics',
    list([
      input.versions,
      input.environment,
      `State: ${input.state}${input.role === undefined ? '' : `, ${input.role} of the data folder`}`,
      ...(input.failure === undefined ? [] : [`Failure: ${input.failure.code}: ${input.failure.message}`])
    ]),
    '### Peer',
    input.status === undefined ? 'not opened' : list(describeStatus(input.status)),
    `### Videos (${input.videos.length})`,
    list(input.videos.map(describeVideo)),
    `### Connected peers (${input.peers.length})`,
    list(input.peers.map(describePeer)),
    '### Log',
    ['```', ...input.log.map(describeLine), '```'].join('\n')
  ].join('\n\n')
}

function list(lines: readonly string[]): string {
  return lines.length === 0 ? 'none' : lines.map(line => `- ${line}`).join('\n')
}

function describeStatus(status: PeerStatus): string[] {
  const { ring, gossip } = status
  const lines = [`Peer ID: ${status.peerId}`, `Addresses: ${status.addresses.join(' ') || 'none'}`]
  if (ring !== undefined) {
    lines.push(`Ring ${ring.name}: ${ring.role} (${ring.roleReason}), about ${ring.estimatedSize} members`)
    lines.push(`Position ${ring.position}, records ${ring.records}`)
    lines.push(`Predecessor: ${ring.predecessor ?? 'not known'}`)
    lines.push(`Successors (${ring.successors.length}): ${ring.successors.join(' ') || 'none'}`)
    lines.push(`Fingers (${ring.fingers.length}): ${ring.fingers.join(' ') || 'none'}`)
  }
  if (gossip !== undefined) lines.push(describeGossip(gossip))
  return [...lines, `Connections: ${status.connections}`]
}

function describeVideo(video: VideoSnapshot): string {
  const failure = video.failure === undefined ? '' : `, ${video.failure.code}`
  const size = formatBytes(video.bytes)
  return `${video.digest.slice(0, 8)}: ${video.origin}, ${video.state}${failure}, ${size}, ${video.have}/${video.chunks} chunks, ${video.holders} holders`
}

function describePeer(peer: ConnectedPeerSnapshot): string {
  const roundTrip = peer.roundTripMilliseconds === undefined ? '?' : Math.round(peer.roundTripMilliseconds)
  return `${peer.peerId} ${peer.address} ${peer.path} ${roundTrip} ms, holds ${peer.holds.length}`
}

function describeLine(line: LogLine): string {
  return `${new Date(line.time).toISOString()} ${line.level} [${line.component}] ${line.message}`
}
