import { createHash } from 'node:crypto'
import type { PeerId, PeerInfo, PeerRouting, RoutingOptions } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { PeerError } from '../errors.ts'
import type { Contact } from './contact.ts'
import { ROUTING_TIMEOUT } from './content-routing.ts'
import { positionFromBytes, positionOfPeer, type RingPosition } from './ring-position.ts'
import { parseAddress } from './rpc/stream-transport.ts'

export interface PeerRoutingComponents {
  isJoined(): boolean
  /** The owner of a position and the members after it. */
  owners(key: RingPosition, signal: AbortSignal): Promise<Contact[]>
}

/** Chord as libp2p's peer routing: members are found at their own position; clients stand nowhere and are not found. */
export class ChordPeerRouting implements PeerRouting {
  readonly #components: PeerRoutingComponents

  constructor(components: PeerRoutingComponents) {
    this.#components = components
  }

  /** @throws PeerError NOT_JOINED, PEER_UNREACHABLE when it is no member of the ring */
  async findPeer(peerId: PeerId, options: RoutingOptions = {}): Promise<PeerInfo> {
    const signal = options.signal ?? AbortSignal.timeout(ROUTING_TIMEOUT)
    const [owner] = await this.#owners(positionOfPeer(peerId.toString()), signal)
    if (owner?.peerId === peerId.toString() && owner.addresses.length > 0) return peerInfoOf(owner)
    throw new PeerError(
      'PEER_UNREACHABLE',
      'That peer is not a member of the ring, so its address is unknown.'
    )
  }

  /** The owner of SHA-256(`key`) and the members after it. */
  async *getClosestPeers(key: Uint8Array, options: RoutingOptions = {}): AsyncGenerator<PeerInfo> {
    const signal = options.signal ?? AbortSignal.timeout(ROUTING_TIMEOUT)
    const position = positionFromBytes(createHash('sha256').update(key).digest())
    for (const member of await this.#owners(position, signal)) yield peerInfoOf(member)
  }

  async #owners(position: RingPosition, signal: AbortSignal): Promise<Contact[]> {
    const { isJoined, owners } = this.#components
    if (!isJoined()) throw new PeerError('NOT_JOINED', 'This peer is in no ring. Join the network first.')
    return await owners(position, signal)
  }
}

function peerInfoOf(contact: Contact): PeerInfo {
  return {
    id: peerIdFromString(contact.peerId),
    multiaddrs: contact.addresses.flatMap(address => parseAddress(address, contact.peerId))
  }
}
