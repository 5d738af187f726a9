import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { PeerError } from '../errors.ts'
import { parseId } from './content-id.ts'

/** Most addresses that a link may carry. */
export const MAX_LINK_ADDRESSES = 4

const MAX_LINK_LENGTH = 4096
const MAX_ADDRESS_LENGTH = 512
const HOST_PROTOCOLS = ['ip4', 'ip6', 'dns', 'dns4', 'dns6']
const LINK =
  /^(?:chordcast:(?:\/\/)?|[a-z][a-z0-9+.-]*:\/\/chordcast\.chordcast\/fetch\/)([^/?#]*)\/?(?:\?([^#]*))?(?:#.*)?$/i
const QUOTED = /^(?:<(.*)>|"(.*)"|'(.*)'|`(.*)`)$/s

/** What a person can hand to another: the ID, and where to ask first. */
export interface VideoLink {
  id: string
  /** Multiaddrs, each ending in `/p2p/<peer id>`; at most four. */
  addresses: string[]
}

/** `chordcast:<ID>?via=…`: for the command line, and for pasting into the palette. */
export function formatLink({ id, addresses }: VideoLink): string {
  return `chordcast:${id}${formatQuery(addresses)}`
}

/**
 * A link that the operating system opens in the editor.
 * @param scheme the editor's `env.uriScheme`: `vscode`, `vscode-insiders`, `vscodium`, …
 */
export function formatEditorLink({ id, addresses }: VideoLink, scheme = 'vscode'): string {
  return `${scheme}://chordcast.chordcast/fetch/${id}${formatQuery(addresses)}`
}

// Slashes and colons are allowed in a query and keep the address readable.
function formatQuery(addresses: readonly string[]): string {
  const values = addresses
    .slice(0, MAX_LINK_ADDRESSES)
    .map(address => encodeURIComponent(address).replaceAll('%2F', '/').replaceAll('%3A', ':'))
  return values.length === 0 ? '' : `?${values.map(value => `via=${value}`).join('&')}`
}

/**
 * Reads an ID or a link of either form, as pasted: space, quotes or angle brackets around it do not matter.
 * @throws PeerError ID_INVALID when there is no ID in it, LINK_INVALID when its addresses are broken
 */
export function parseIdOrLink(text: string): VideoLink {
  const pasted = unquote(text)
  if (pasted.length > MAX_LINK_LENGTH) throw invalidLink('it is too long')
  const match = LINK.exec(pasted)
  if (!match) return { id: parseId(pasted), addresses: [] }
  return { id: parseId(match[1] ?? ''), addresses: parseQuery(match[2] ?? '') }
}

function unquote(text: string): string {
  const trimmed = text.trim()
  const quoted = trimmed.length <= MAX_LINK_LENGTH + 2 ? QUOTED.exec(trimmed) : null
  return (quoted?.slice(1).find(inner => inner !== undefined) ?? trimmed).trim()
}

function parseQuery(query: string): string[] {
  const values = new URLSearchParams(withPlainEquals(query)).getAll('via')
  if (values.length > MAX_LINK_ADDRESSES) throw invalidLink(`it names more than ${MAX_LINK_ADDRESSES} peers`)
  return [...new Set(values.map(parseAddress))]
}

// An editor that re-encodes a URI may escape the equals signs too.
function withPlainEquals(query: string): string {
  return query.includes('=') ? query : query.replaceAll(/%3d/gi, '=').replaceAll(/%26/g, '&')
}

function parseAddress(text: string): string {
  if (text.length > MAX_ADDRESS_LENGTH) throw invalidLink('an address is too long')
  const components = parseMultiaddr(text).getComponents()
  const [host, transport] = components
  const last = components.at(-1)
  const isNetwork = host !== undefined && HOST_PROTOCOLS.includes(host.name) && transport?.name === 'tcp'
  if (!isNetwork || transport.value === '0') throw invalidLink(`"${shorten(text)}" is not an address to dial`)
  if (last?.name !== 'p2p' || !isPeerId(last.value)) throw invalidLink(`"${shorten(text)}" names no peer`)
  return text
}

function parseMultiaddr(text: string): Multiaddr {
  try {
    return multiaddr(text)
  } catch (cause) {
    throw invalidLink(`"${shorten(text)}" is not an address`, cause)
  }
}

function isPeerId(text: string | undefined): boolean {
  try {
    return text !== undefined && peerIdFromString(text).toString().length > 0
  } catch {
    // Not a peer id, which is the answer.
    return false
  }
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

function invalidLink(detail: string, cause?: unknown): PeerError {
  return new PeerError('LINK_INVALID', `The link is broken: ${detail}. Copy it again, or use the ID alone.`, {
    cause
  })
}
