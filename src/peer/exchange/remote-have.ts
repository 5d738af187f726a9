import { Bitfield } from '../content/bitfield.ts'
import { PeerError } from '../errors.ts'
import type { HaveMessage, HaveMoreMessage } from './chunk-messages.ts'

/** What the other side of a stream holds, as its HAVE and HAVE MORE tell. */
export class RemoteHave {
  #have: Bitfield

  constructor(have: Bitfield) {
    this.#have = have
  }

  get have(): Bitfield {
    return this.#have
  }

  /**
   * Takes in one message; returns the indices that are new.
   * @throws PeerError PROTOCOL_VIOLATION for another number of chunks, or a chunk that does not exist
   */
  apply(message: HaveMessage | HaveMoreMessage): number[] {
    return message.type === 'have' ? this.#replace(message) : this.#extend(message.indices)
  }

  #replace(message: HaveMessage): number[] {
    if (message.count !== this.#have.length) {
      throw new PeerError('PROTOCOL_VIOLATION', 'A peer changed the number of chunks. It is cut off.')
    }
    const before = this.#have
    this.#have = Bitfield.fromBytes(message.count, message.bits)
    return [...this.#have.without(before)]
  }

  #extend(indices: readonly number[]): number[] {
    if (indices.some(index => index >= this.#have.length)) {
      throw new PeerError(
        'PROTOCOL_VIOLATION',
        'A peer announced a chunk that does not exist. It is cut off.'
      )
    }
    return indices.filter(index => this.#have.add(index))
  }
}
