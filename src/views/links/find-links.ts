/** A link to a video in a text. */
export interface FoundLink {
  /** Offset of its first character. */
  start: number
  /** Offset behind its last character. */
  end: number
  text: string
}

/** Characters of a text that are looked through. */
const maximumLength = 1024 * 1024
/** Links that are found in one text. */
const maximumLinks = 500

/** Either form of a link; the query ends where prose or Markdown goes on. */
const linkPattern =
  /(?:chordcast:(?:\/\/)?|vscode(?:-insiders)?:\/\/chordcast\.chordcast\/fetch\/)bafyrei[a-z2-7]{52}(?![a-z0-9])(?:\?via=[^\s<>()[\]{}"'`|]{0,2048})?/gi

/** The links in a text: with ID, and with addresses if they have some. Punctuation after a link is not part of it. */
export function findLinks(text: string): FoundLink[] {
  const found: FoundLink[] = []
  for (const match of text.slice(0, maximumLength).matchAll(linkPattern)) {
    if (found.length >= maximumLinks) break
    const link = match[0].replace(/[.,;:!?*_~]+$/, '')
    found.push({ start: match.index, end: match.index + link.length, text: link })
  }
  return found
}
