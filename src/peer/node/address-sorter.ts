import type { networkInterfaces } from 'node:os'
import type { Address } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { localInterfaces } from './local-interfaces.ts'
import { onSameMachine, onSameSubnet } from './subnet.ts'

/**
 * Dial order: this machine, the same subnet, other direct addresses, relays last. libp2p tries a peer's addresses one
 * after another and would begin with public ones, which cost seconds on a LAN.
 */
export function compareAddresses(a: Address, b: Address, interfaces = localInterfaces()): -1 | 0 | 1 {
  const difference = rank(a.multiaddr, interfaces) - rank(b.multiaddr, interfaces)
  if (difference === 0) return 0
  return difference < 0 ? -1 : 1
}

function rank(address: Multiaddr, interfaces: ReturnType<typeof networkInterfaces>): number {
  const components = address.getComponents()
  if (components.some(component => component.name === 'p2p-circuit')) return 3
  const host = components[0]?.value
  if (!host) return 2
  if (onSameMachine(host, interfaces)) return 0
  return onSameSubnet(host, interfaces) ? 1 : 2
}
