import { SUCCESSORS } from './constants.ts'
import type { Contact } from './contact.ts'
import { inOrder } from './contact-order.ts'
import type { Density } from './density.ts'
import type { RingPosition } from './ring-position.ts'

/** Whom an answer names as responsible for a key. */
export interface Claim {
  contacts: Contact[]
  hop: number
  /** Who said so; undefined when this peer itself did. */
  by?: Contact
}

/** What one look-up has been told about who owns its key, and has not believed yet. */
export class Claims {
  readonly #key: RingPosition
  readonly #density: Density | undefined
  readonly #claims: Claim[] = []

  /** @param density of the ring that the key is sought in; undefined when that may be another one than this peer's */
  constructor(key: RingPosition, density: Density | undefined) {
    this.#key = key
    this.#density = density
  }

  get size(): number {
    return this.#claims.length
  }

  /** Who made them. */
  get claimants(): Contact[] {
    return this.#claims.flatMap(({ by }) => by ?? [])
  }

  add(claim: Claim): void {
    this.#claims.push(claim)
  }

  clear(): void {
    this.#claims.length = 0
  }

  /** All together: the nearest owner that anybody names and that answers is the right one, as nobody can stand where it does not. */
  all(): Claim {
    return {
      contacts: inOrder(
        this.#claims.flatMap(claim => claim.contacts),
        this.#key
      ),
      hop: Math.max(1, ...this.#claims.map(claim => claim.hop))
    }
  }

  /** Whether one claim alone may be believed. */
  isPlausible({ contacts }: Claim): boolean {
    return this.#density?.isPlausible(this.#key, contacts) ?? true
  }

  /** Whether those named by all stand as near to the key and to each other as is likely: liars name each other, and leave gaps. */
  get areLikely(): boolean {
    return this.#density?.isLikely(this.#key, this.all().contacts.slice(0, SUCCESSORS)) ?? true
  }
}
