import type { Contact } from './contact.ts'
import { distance, type RingPosition } from './ring-position.ts'

/** Distinct contacts, the first at or behind `key` first. */
export function inOrder(contacts: readonly Contact[], key: RingPosition): Contact[] {
  const distinct = new Map<string, Contact>()
  for (const contact of contacts) if (!distinct.has(contact.peerId)) distinct.set(contact.peerId, contact)
  return [...distinct.values()].sort((a, b) => compareBehind(a, b, key))
}

/** Whoever precedes the key by less comes first. */
export function compareBefore(a: Contact, b: Contact, key: RingPosition): number {
  return distance(a.position, key) < distance(b.position, key) ? -1 : 1
}

// Whoever follows the key by less comes first.
function compareBehind(a: Contact, b: Contact, key: RingPosition): number {
  return distance(key, a.position) < distance(key, b.position) ? -1 : 1
}
