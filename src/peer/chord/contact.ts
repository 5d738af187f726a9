import { positionOfPeer, type RingPosition } from './ring-position.ts'

/** Another peer of the ring, and how to reach it. */
export interface Contact {
  /** Text form of its peer id. */
  readonly peerId: string
  /** Always computed from the peer id, never taken from a message. */
  readonly position: RingPosition
  /** Multiaddrs in text form. */
  readonly addresses: readonly string[]
}

/** Makes a contact; its position follows from its peer id. */
export function contactOf(peerId: string, addresses: readonly string[]): Contact {
  return { peerId, position: positionOfPeer(peerId), addresses }
}
