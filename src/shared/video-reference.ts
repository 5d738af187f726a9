/** What a user can paste: the bare ID, or a link that also names peers to ask. */
export interface VideoReference {
  /** CIDv1 (dag-cbor, sha2-256, base32) of the manifest. */
  id: string
  /** Multiaddrs that would be dialled; empty for a bare ID. */
  addresses: string[]
}

/** What reading a text gave: a reference, or one sentence that says what is wrong with it. */
export type ParsedReference = { reference: VideoReference } | { problem: string }

/** A link names at most this many peers. */
export const maximumLinkAddresses = 4

/** Longer than any link: what is longer is not looked at. */
const maximumLength = 4096
/** CIDv1 header 01 71 12 20 and 32 bytes are 288 bits in 58 base32 digits: the last digit ends in two zero bits. */
const idPattern = /^bafyrei[a-h][a-z2-7]{50}[aeimquy4]$/
const linkPattern =
  /^(?:chordcast:|[a-z][a-z0-9+.-]*:\/\/chordcast\.chordcast\/fetch\/)([^?#]*)(?:\?([^#]*))?$/i

/** Whether the text has the form of an ID. */
export function isVideoId(text: string): boolean {
  return idPattern.test(text)
}

/** Reads an ID, a `chordcast:` link or an editor link (`vscode://chordcast.chordcast/fetch/…`). Nothing is dialled. */
export function parseVideoReference(input: string): ParsedReference {
  const text = input.trim()
  if (text === '') return { problem: 'Paste an ID or a link.' }
  if (text.length > maximumLength) return { problem: 'This is too long to be an ID or a link.' }
  const link = linkPattern.exec(text)
  if (link !== null) return parseLink(link[1] ?? '', link[2] ?? '')
  return isVideoId(text) ? { reference: { id: text, addresses: [] } } : { problem: describeBadId(text) }
}

/** The form that the engine reads: the ID, or `chordcast:<ID>?via=…`. */
export function referenceText({ id, addresses }: VideoReference): string {
  if (addresses.length === 0) return id
  return `chordcast:${id}?${addresses.map(address => `via=${encodeURIComponent(address)}`).join('&')}`
}

function parseLink(id: string, query: string): ParsedReference {
  if (!isVideoId(id)) return { problem: describeBadId(id) }
  const addresses = [...new Set(new URLSearchParams(query).getAll('via'))]
  if (addresses.length > maximumLinkAddresses) {
    return {
      problem: `A link names at most ${maximumLinkAddresses} addresses; this one names ${addresses.length}.`
    }
  }
  const broken = addresses.find(address => !/^\/[a-z0-9]+\/[^\s]+\/p2p\/[A-Za-z0-9]+$/.test(address))
  if (broken !== undefined) return { problem: `The link holds a broken address: ${broken.slice(0, 80)}` }
  return { reference: { id, addresses } }
}

function describeBadId(text: string): string {
  if (/\s/.test(text)) return 'An ID has no spaces: paste only the ID or only the link.'
  if (/^bafyrei/i.test(text) && text.length < 59)
    return `The ID is cut short: ${text.length} of 59 characters.`
  if (/^bafyrei/i.test(text) && text.length > 59)
    return 'There is something behind the ID: it has 59 characters.'
  return 'This is not an ID: an ID begins with “bafyrei” and has 59 characters.'
}
