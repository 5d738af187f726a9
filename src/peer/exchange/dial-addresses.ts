import { CODE_P2P, CODE_P2P_CIRCUIT, type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { PeerTarget } from './open-stream.ts'

/** Addresses of one peer that are tried at most. */
const MAX_ADDRESSES = 16

/**
 * The addresses to dial for a peer. Those that name another peer or cannot be read are left out.
 *
 * The peer id at the end is cut off: libp2p joins all dials to one peer id into one, which tries its addresses one after
 * another. Whoever dials checks who answered. Through a relay the id is needed.
 */
export function dialAddresses(target: PeerTarget): Multiaddr[] {
  return target.addresses.slice(0, MAX_ADDRESSES).flatMap(text => {
    const address = parse(text)
    return address ? [withoutPeer(address, target.peerId)].filter(left => left !== undefined) : []
  })
}

function parse(text: string): Multiaddr | undefined {
  try {
    return multiaddr(text)
  } catch {
    // One address that a peer spelt wrongly does not spoil the others.
    return undefined
  }
}

function withoutPeer(address: Multiaddr, peerId: string): Multiaddr | undefined {
  const components = address.getComponents()
  const named = components.at(-1)?.code === CODE_P2P ? components.at(-1)?.value : undefined
  if (named !== undefined && named !== peerId) return undefined
  const isRelayed = components.some(component => component.code === CODE_P2P_CIRCUIT)
  if (isRelayed) return named === undefined ? address.encapsulate(`/p2p/${peerId}`) : address
  return named === undefined ? address : address.decapsulateCode(CODE_P2P)
}
