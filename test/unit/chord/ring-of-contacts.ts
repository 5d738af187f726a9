import type { Contact } from '../../../src/peer/chord/contact.ts'

/** A contact at a given place; its name is the place. Real contacts stand where their peer id's hash says. */
export function contactAt(position: bigint | number): Contact {
  return {
    peerId: `peer-${position}`,
    position: BigInt(position),
    addresses: [`/ip4/10.0.0.1/tcp/${position}`]
  }
}

export function contactsAt(...positions: number[]): Contact[] {
  return positions.map(contactAt)
}

export function places(contacts: readonly Contact[]): number[] {
  return contacts.map(contact => Number(contact.position))
}
