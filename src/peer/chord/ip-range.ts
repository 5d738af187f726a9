import { isPrivateIp } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import type { Contact } from './contact.ts'

const IP4 = 4
const IP6 = 41
const CIRCUIT = 290
/** Bytes of an address that name its range: /24 and /48, what one customer of a provider usually gets. */
const RANGE_BYTES = { [IP4]: 3, [IP6]: 6 }

const known = new WeakMap<Contact, readonly string[]>()

/**
 * The public IPv4 /24 and IPv6 /48 ranges of a contact's direct addresses. Private addresses have none: everybody on a
 * LAN shares theirs. Nor has a relay's address, which says nothing of who stands behind it.
 */
export function publicRangesOf(contact: Contact): readonly string[] {
  const cached = known.get(contact)
  if (cached) return cached
  const ranges = [...new Set(contact.addresses.flatMap(publicRange))]
  known.set(contact, ranges)
  return ranges
}

function publicRange(address: string): string[] {
  try {
    const parsed = multiaddr(address)
    const components = parsed.getComponents()
    const [ip] = components
    if (!ip?.value || (ip.code !== IP4 && ip.code !== IP6)) return []
    if (isPrivateIp(ip.value) !== false || components.some(({ code }) => code === CIRCUIT)) return []
    // The first byte is the protocol's code.
    return [Buffer.from(parsed.bytes.subarray(0, 1 + RANGE_BYTES[ip.code])).toString('hex')]
  } catch {
    // What other peers announce may be anything; an address that is none has no range.
    return []
  }
}
