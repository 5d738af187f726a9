import { lookup } from 'node:dns/promises'
import { isIPv6 } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { dialableLinkAddresses } from '../content/dialable-addresses.ts'
import type { Holder } from '../download/chunk-holder.ts'
import type { Logger } from '../log.ts'
import { localInterfaces } from './local-interfaces.ts'

const NAME = /^\/dns(?:4|6)?\/([^/]+)/

/**
 * The peers that a link names, at addresses that may be dialled from here. Names are resolved first and judged by what they
 * resolve to, so that no name leads to a machine that the link could not have named outright.
 */
export async function linkHolders(addresses: readonly string[], log: Logger): Promise<Holder[]> {
  const resolved = await Promise.all(addresses.map(address => resolveName(address, log)))
  const dialable = dialableLinkAddresses(resolved.flat(), localInterfaces())
  const byPeer = Map.groupBy(dialable, peerIdOf)
  return [...byPeer].map(([peerId, own]) => ({ peerId, addresses: [...new Set(own)] }))
}

/** One holder that another peer tells of, at the addresses that may be dialled from here; none if there are none. */
export async function dialableHolder({ peerId, addresses }: Holder, log: Logger): Promise<Holder[]> {
  const named = addresses.map(address => (address.includes('/p2p/') ? address : `${address}/p2p/${peerId}`))
  const own = named.filter(address => address.endsWith(`/p2p/${peerId}`) && isMultiaddr(address))
  return await linkHolders(own, log)
}

function isMultiaddr(text: string): boolean {
  try {
    multiaddr(text)
    return true
  } catch {
    // Whoever spelt it wrongly cannot be dialled there; its other addresses may do.
    return false
  }
}

/** Links are checked when they are read: each address ends in a peer id. */
function peerIdOf(address: string): string {
  return (
    multiaddr(address)
      .getComponents()
      .findLast(({ name }) => name === 'p2p')?.value ?? ''
  )
}

async function resolveName(address: string, log: Logger): Promise<string[]> {
  const name = NAME.exec(address)?.[1]
  if (name === undefined) return [address]
  try {
    const found = await lookup(name, { all: true })
    return found.map(host =>
      address.replace(NAME, `/${isIPv6(host.address) ? 'ip6' : 'ip4'}/${host.address}`)
    )
  } catch (error) {
    log.debug(`a name in a link was not found: ${String(error)}`)
    return []
  }
}
