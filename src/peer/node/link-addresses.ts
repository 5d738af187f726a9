import { multiaddr } from '@multiformats/multiaddr'
import { isLoopbackHost } from './listen-addresses.ts'

/**
 * The addresses to put into a link, at most `limit`: those that others can reach before those that only this machine can.
 * Relayed ones come last, since each costs somebody else's bandwidth.
 */
export function linkAddresses(addresses: readonly string[], limit: number): string[] {
  return [...new Set(addresses)].sort((a, b) => rank(a) - rank(b)).slice(0, limit)
}

function rank(address: string): number {
  const components = multiaddr(address).getComponents()
  if (components.some(component => component.name === 'p2p-circuit')) return 2
  return isLoopbackHost(components[0]?.value ?? '') ? 1 : 0
}
