import { isIPv4, isIPv6 } from 'node:net'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { PeerError } from '../errors.ts'

const HOST_PORT = /^(?:\[([^\]]+)\]|([^\s:/[\]]+)):(\d{1,5})$/

/**
 * Reads a bootstrap address as people write it: `host:port`, `[ipv6]:port` or a multiaddr.
 * @throws PeerError BOOTSTRAP_INVALID
 */
export function parseBootstrapAddress(text: string): Multiaddr {
  const trimmed = text.trim()
  try {
    return multiaddr(trimmed.startsWith('/') ? trimmed : multiaddrTextOf(trimmed))
  } catch (cause) {
    throw invalid(trimmed, cause)
  }
}

function multiaddrTextOf(text: string): string {
  const match = HOST_PORT.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (!host || !(port >= 1 && port <= 65_535)) throw new Error('neither host:port nor a multiaddr')
  return `/${protocolOf(host)}/${host}/tcp/${port}`
}

function protocolOf(host: string): string {
  if (isIPv4(host)) return 'ip4'
  return isIPv6(host) ? 'ip6' : 'dns'
}

function invalid(text: string, cause: unknown): PeerError {
  return new PeerError(
    'BOOTSTRAP_INVALID',
    `"${text}" is not a bootstrap address. Write host:port, such as 192.0.2.7:4101, or a multiaddr.`,
    { cause }
  )
}
