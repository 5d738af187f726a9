import type { Failure, PeerStatus } from '../../peer/api.ts'
import { countOf, describeAddress, formatRate, shortPeerId } from '../../shared/format.ts'
import type { NetworkState } from '../../shared/player-protocol.ts'
import type { Tooltip } from '../tooltip.ts'

/** What the status bar item is drawn from. */
export interface StatusInput {
  state: NetworkState
  failure: Failure | undefined
  status: PeerStatus | undefined
  /** The peer of this window, or one that is shared with another window. */
  role: 'owner' | 'client' | undefined
}

/** The status bar item as data. */
export interface StatusText {
  /** With codicons. */
  text: string
  accessibilityLabel: string
  isWarning: boolean
  tooltip: Tooltip
}

/** State, peers and rates in one short text. Rates stand there only while something moves. */
export function statusText(input: StatusInput): StatusText {
  const { state, failure, status } = input
  const isWarning = state === 'failed'
  const words = stateText(input)
  return {
    text: `$(${icons[state]}) ${[words, ...rates(status, state)].join(' ')}`,
    accessibilityLabel: `Chordcast: ${describe(input)}`,
    isWarning,
    tooltip: {
      title: 'Chordcast',
      rows: rows(input),
      ...(failure === undefined ? {} : { note: failure.message })
    }
  }
}

const icons: Record<NetworkState, string> = {
  stopped: 'circle-slash',
  starting: 'loading~spin',
  joined: 'broadcast',
  failed: 'warning'
}

function stateText({ state, status }: StatusInput): string {
  if (state === 'joined') return countOf(status?.connections ?? 0, 'peer')
  return state === 'starting' ? 'Joining…' : 'Chordcast'
}

function rates(status: PeerStatus | undefined, state: NetworkState): string[] {
  if (status === undefined || state !== 'joined') return []
  const parts: string[] = []
  if (status.downloadBytesPerSecond > 0)
    parts.push(`$(arrow-down) ${formatRate(status.downloadBytesPerSecond)}`)
  if (status.uploadBytesPerSecond > 0) parts.push(`$(arrow-up) ${formatRate(status.uploadBytesPerSecond)}`)
  return parts
}

function describe({ state, status, failure }: StatusInput): string {
  if (state === 'failed') return failure?.message ?? 'failed'
  if (state === 'starting') return status?.stage ?? 'joining the network'
  if (state === 'stopped') return 'not in the network'
  const parts = [`in the network, ${countOf(status?.connections ?? 0, 'peer')} connected`]
  if (status !== undefined && status.downloadBytesPerSecond > 0) {
    parts.push(`receiving ${formatRate(status.downloadBytesPerSecond)}`)
  }
  if (status !== undefined && status.uploadBytesPerSecond > 0) {
    parts.push(`sending ${formatRate(status.uploadBytesPerSecond)}`)
  }
  return parts.join(', ')
}

function rows({ state, status, role }: StatusInput): Tooltip['rows'] {
  const result: Tooltip['rows'] = [['State', stateWords[state]]]
  if (state === 'starting' && status?.stage !== undefined) result.push(['Stage', status.stage])
  if (role === 'client') result.push(['Peer', 'shared with another window'])
  if (status === undefined || state !== 'joined') return result
  const { ring } = status
  if (ring !== undefined) {
    result.push(['Ring', `${ring.name}, about ${countOf(ring.estimatedSize, 'peer')}`])
    result.push(['Role', `${ring.role}: ${ring.roleReason}`])
    result.push(['Records', `${countOf(ring.records, 'record')} kept for the ring`])
  }
  result.push(['Peer ID', shortPeerId(status.peerId)])
  result.push(['Addresses', status.addresses.map(describeAddress).join(', ') || 'none that others can dial'])
  result.push(['Receiving', formatRate(status.downloadBytesPerSecond)])
  result.push(['Sending', formatRate(status.uploadBytesPerSecond)])
  return result
}

const stateWords: Record<NetworkState, string> = {
  stopped: 'not in the network',
  starting: 'joining',
  joined: 'in the network',
  failed: 'failed'
}
