import { RING_BITS } from '../../../src/peer/chord/constants.ts'
import type { Contact } from '../../../src/peer/chord/contact.ts'
import type { RingPosition } from '../../../src/peer/chord/ring-position.ts'

const PLACE_BITS = 52
const RING_OF_PLACES = 2 ** PLACE_BITS
const BELOW = BigInt(RING_BITS - PLACE_BITS)
const known = new WeakMap<readonly Contact[], number[]>()

/** The top 52 bits of a ring position, as a number: enough to tell peers apart, and quick to reckon with. */
export function placeOf(position: RingPosition): number {
  return Number(position >> BELOW)
}

/** The places of a list of contacts. Lists are replaced when they change, so each is read once. */
export function placesOf(contacts: readonly Contact[]): readonly number[] {
  const remembered = known.get(contacts)
  if (remembered?.length === contacts.length) return remembered
  const places = contacts.map(contact => placeOf(contact.position))
  known.set(contacts, places)
  return places
}

/** Clockwise from one place to another. */
export function spanBetween(from: number, to: number): number {
  return to >= from ? to - from : to - from + RING_OF_PLACES
}
