import type { Connection } from '@libp2p/interface'
import type { ConnectionManager } from '@libp2p/interface-internal'
import { peerIdFromString } from '@libp2p/peer-id'
import { isPrivateIp } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import { toPeerError } from '../errors.ts'
import type { DialBack } from './rpc/handlers/dial-back.ts'
import { parseAddress } from './rpc/stream-transport.ts'

/** Addresses tried for one request, and milliseconds for each. */
const MAX_TRIED = 3
const DIAL_TIMEOUT = 3_000
/** Milliseconds after which the connection that proved it is closed, if nothing uses it by then. */
const CLOSE_AFTER = 3_000

/**
 * Dials the caller back, on those of its addresses that this peer may dial for it: the IP that the caller is seen with, any
 * private one when it is seen with a private one (same LAN, same machine), or its relay when it came through a relay. So
 * nobody can make this peer dial somebody else.
 */
export function libp2pDialBack(connectionManager: ConnectionManager): DialBack {
  return async (caller, addresses, signal) => {
    const connections = connectionManager.getConnections(peerIdFromString(caller.peerId))
    const isSeen = (address: Multiaddr) =>
      connections.some(connection => ipOf(connection.remoteAddr) === ipOf(address))
    const candidates = addresses
      .flatMap(address => parseAddress(address, caller.peerId))
      .filter(address => connections.some(connection => mayDial(address, connection.remoteAddr)))
      .sort((a, b) => Number(isSeen(b)) - Number(isSeen(a)))
    if (connections.some(connection => wasDialled(connection, candidates))) {
      return { reached: true, reason: '' }
    }
    let reason = 'none of its addresses is the one it was seen with'
    for (const candidate of candidates.slice(0, MAX_TRIED)) {
      try {
        await dial(connectionManager, candidate, signal)
        return { reached: true, reason: '' }
      } catch (error) {
        signal.throwIfAborted()
        reason = toPeerError(error).message.slice(0, 200)
      }
    }
    return { reached: false, reason }
  }
}

async function dial(
  connectionManager: ConnectionManager,
  address: Multiaddr,
  signal: AbortSignal
): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(DIAL_TIMEOUT)])
  const connection = await connectionManager.openConnection(address, { force: true, signal: limit })
  const timer = setTimeout(() => {
    if (connection.streams.length === 0) void connection.close().catch(error => connection.abort(error))
  }, CLOSE_AFTER)
  timer.unref()
}

// An outbound connection to one of the addresses is proof already.
function wasDialled(connection: Connection, candidates: readonly Multiaddr[]): boolean {
  return (
    connection.direction === 'outbound' &&
    candidates.some(candidate => candidate.toString().startsWith(withoutPeer(connection.remoteAddr)))
  )
}

function withoutPeer(address: Multiaddr): string {
  return address.toString().replace(/\/p2p\/[^/]+$/, '')
}

function mayDial(candidate: Multiaddr, observed: Multiaddr): boolean {
  if (isRelayed(candidate) || isRelayed(observed)) return isRelayed(candidate) && isRelayed(observed)
  const wanted = ipOf(candidate)
  const seen = ipOf(observed)
  if (wanted === undefined || seen === undefined) return false
  return wanted === seen || (isPrivateIp(wanted) === true && isPrivateIp(seen) === true)
}

function isRelayed(address: Multiaddr): boolean {
  return address.getComponents().some(component => component.name === 'p2p-circuit')
}

function ipOf(address: Multiaddr): string | undefined {
  const [first] = address.getComponents()
  return first && (first.name === 'ip4' || first.name === 'ip6') ? first.value : undefined
}
