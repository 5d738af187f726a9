import type { VideoLink } from '../../peer/content/link.ts'
import { toPeerError } from '../../peer/errors.ts'
import { describeAddress } from '../../shared/format.ts'

/** Reads an ID or a link; throws a `PeerError` that says what is wrong with it. */
export type ParseReference = (text: string) => VideoLink

/** What stands below the box while the user types. */
export interface InputNote {
  message: string
  /** The text cannot be used as it is. */
  isProblem: boolean
}

const idLength = 59

/** Loads the engine's reader of IDs and links: the same rules, and not part of the activation. */
export async function loadParser(): Promise<ParseReference> {
  const { parseIdOrLink } = await import('../../peer/content/link.ts')
  return parseIdOrLink
}

/** What was read, or undefined for what is no ID and no link. */
export function tryParse(text: string, parse: ParseReference): VideoLink | undefined {
  try {
    return parse(text)
  } catch {
    // Anything may lie in a clipboard: no reference is an answer, not a failure.
    return undefined
  }
}

/** The problem with a text, or which addresses a link dials; nothing for an ID that is right. */
export function describeInput(text: string, parse: ParseReference): InputNote | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return { message: 'Paste an ID or a link.', isProblem: true }
  if (/^bafyrei[a-z2-7]*$/i.test(trimmed) && trimmed.length < idLength) {
    return { message: `The ID is cut short: ${trimmed.length} of ${idLength} characters.`, isProblem: true }
  }
  try {
    return describeContacts(parse(text).addresses)
  } catch (error) {
    return { message: toPeerError(error).message, isProblem: true }
  }
}

function describeContacts(addresses: readonly string[]): InputNote | undefined {
  if (addresses.length === 0) return undefined
  const places = addresses.map(describeAddress).join(', ')
  return { message: `Enter dials ${places}, which will see your IP address.`, isProblem: false }
}
