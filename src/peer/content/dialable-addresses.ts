import { BlockList, isIP } from 'node:net'
import type { networkInterfaces } from 'node:os'
import { multiaddr } from '@multiformats/multiaddr'
import { onSameSubnet } from '../node/subnet.ts'

/** This machine's addresses, as `os.networkInterfaces()` returns them. */
export type LocalInterfaces = ReturnType<typeof networkInterfaces>

type Reach = 'public' | 'private' | 'loopback' | 'never'

/**
 * Those of a link's addresses that may be dialled, so that a link from a stranger does not make this peer knock on doors of a
 * network that he only guesses at. Public addresses and names always; private ones where an interface of this machine is in
 * their subnet; loopback where the link also names this machine, or names no other machine at all.
 * A name can still resolve to a private address: resolve names first, as `node/link-holders.ts` does.
 */
export function dialableLinkAddresses(addresses: readonly string[], interfaces: LocalInterfaces): string[] {
  const hosts = addresses.map(hostOf)
  const namesThisMachine = hosts.some(host => isOwnAddress(host, interfaces))
  const isLoopbackOnly = hosts.every(host => reachOf(host) === 'loopback')
  const loopback = namesThisMachine || isLoopbackOnly
  return addresses.filter(address => isDialable(address, interfaces, { loopback }))
}

/**
 * Whether one multiaddr may be dialled.
 * @param allow `loopback`: the peer is known to be on this machine
 */
export function isDialable(
  address: string,
  interfaces: LocalInterfaces,
  allow: { loopback: boolean }
): boolean {
  const host = hostOf(address)
  switch (reachOf(host)) {
    case 'public':
      return true
    case 'loopback':
      return allow.loopback
    case 'private':
      return onSameSubnet(host, interfaces)
    case 'never':
      return false
  }
}

/** The IP address or name that is dialled first; for a relayed address, the relay's. */
function hostOf(address: string): string {
  const component = multiaddr(address)
    .getComponents()
    .find(({ name }) => ['ip4', 'ip6', 'dns', 'dns4', 'dns6', 'dnsaddr'].includes(name))
  return component?.value?.toLowerCase() ?? ''
}

function isOwnAddress(host: string, interfaces: LocalInterfaces): boolean {
  const own = Object.values(interfaces).flatMap(list => list ?? [])
  return own.some(({ address, internal }) => !internal && address === host)
}

function reachOf(host: string): Reach {
  const version = isIP(host)
  if (version === 0) return reachOfName(host)
  const family = version === 6 ? 'ipv6' : 'ipv4'
  if (LOOPBACK.check(host, family)) return 'loopback'
  if (NEVER.check(host, family)) return 'never'
  return PRIVATE.check(host, family) ? 'private' : 'public'
}

function reachOfName(name: string): Reach {
  if (name === '') return 'never'
  return /(?:^|\.)localhost\.?$/.test(name) ? 'loopback' : 'public'
}

// IANA special-purpose address registries (RFC 6890). A BlockList sees IPv4 inside IPv6-mapped addresses as well.
const LOOPBACK = blockList(['127.0.0.0/8', '::1/128'])
const PRIVATE = blockList([
  '10.0.0.0/8',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '198.18.0.0/15',
  'fc00::/7',
  'fe80::/10'
])
const NEVER = blockList([
  '0.0.0.0/8',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '::/128',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001:db8::/32',
  'ff00::/8'
])

function blockList(subnets: readonly string[]): BlockList {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [network = '', prefix] = subnet.split('/')
    list.addSubnet(network, Number(prefix), isIP(network) === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}
