import { MAX_SUCCESSORS_PER_RANGE } from './constants.ts'
import type { Contact } from './contact.ts'
import { publicRangesOf } from './ip-range.ts'
import { distance, type RingPosition } from './ring-position.ts'

/**
 * The next members clockwise, nearest first: no duplicates, never this peer itself, at most `capacity`. While it is *whole*
 * the ring is smaller than the list, and it holds every other member (full membership).
 */
export class SuccessorList {
  readonly #self: RingPosition
  readonly #accepts: (contact: Contact) => boolean
  #capacity: number
  #entries: Contact[] = []
  #isWhole = true
  #isDiverse = false

  /** @param accepts refuses contacts that are known to be dead */
  constructor(self: RingPosition, capacity: number, accepts: (contact: Contact) => boolean = () => true) {
    this.#self = self
    this.#capacity = capacity
    this.#accepts = accepts
  }

  get entries(): readonly Contact[] {
    return this.#entries
  }

  get first(): Contact | undefined {
    return this.#entries[0]
  }

  get last(): Contact | undefined {
    return this.#entries.at(-1)
  }

  get capacity(): number {
    return this.#capacity
  }

  /** Whether the list reaches all around the ring. One that only lost an entry does not: there are members behind its end. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  has(peerId: string): boolean {
    return this.#entries.some(entry => entry.peerId === peerId)
  }

  /**
   * Lengthens the list, or cuts its tail.
   * @param isDiverse whether to keep at most two peers of one public IP range behind the nearest half of the list
   */
  resize(capacity: number, isDiverse = false): void {
    this.#capacity = capacity
    this.#isDiverse = isDiverse
    if (this.#entries.length < capacity) return
    this.#entries.length = capacity
    this.#isWhole = false
  }

  /**
   * Takes over a member that answered and the list that it answered with (Zave 2017: `s + its list`, trimmed). Entries
   * nearer than `head` came in while it was being asked, and stay; in a whole list all stay. Returns whether anything changed.
   * @param isTailWhole whether `head` says that its list reaches all around the ring
   */
  adopt(head: Contact, tail: readonly Contact[], isTailWhole = false): boolean {
    const reach = distance(this.#self, head.position)
    const nearer = this.#entries.filter(entry => distance(this.#self, entry.position) < reach)
    const chain = this.#clockwise([head, ...tail])
    const wasWhole = this.#isWhole && this.#entries.length > 0
    const isAround = ({ position }: Contact): boolean =>
      distance(head.position, position) >= distance(head.position, this.#self)
    // A list that leads back to this peer has named everyone on the way.
    this.#isWhole = wasWhole || isTailWhole || tail.some(isAround)
    return this.#replace([...nearer, ...chain, ...(this.#isWhole ? this.#entries : [])])
  }

  /**
   * Inserts a live member at its place. Behind the end of a list that is not whole it would hide those between. Returns
   * whether anything changed.
   */
  offer(contact: Contact): boolean {
    const last = this.last
    const isBehind = last && distance(this.#self, contact.position) > distance(this.#self, last.position)
    if (isBehind && !this.#isWhole) return false
    return this.#replace([contact, ...this.#entries])
  }

  /** Returns whether it was there. */
  remove(peerId: string): boolean {
    const before = this.#entries.length
    this.#entries = this.#entries.filter(entry => entry.peerId !== peerId)
    return this.#entries.length < before
  }

  clear(): void {
    this.#entries = []
    this.#isWhole = true
  }

  // A neighbour's list that reaches around comes back to us, or to what is nearer than its entries before.
  #clockwise(contacts: readonly Contact[]): Contact[] {
    const chain: Contact[] = []
    let reached = 0n
    for (const contact of contacts) {
      const span = distance(this.#self, contact.position)
      if (span <= reached) break
      reached = span
      chain.push(contact)
    }
    return chain
  }

  #replace(contacts: readonly Contact[]): boolean {
    const byPeer = new Map<string, Contact>()
    for (const contact of contacts) {
      if (contact.position !== this.#self && !byPeer.has(contact.peerId) && this.#accepts(contact)) {
        byPeer.set(contact.peerId, contact)
      }
    }
    const clockwise = [...byPeer.values()].sort((a, b) => this.#compare(a, b))
    const sorted = (this.#isDiverse ? this.#diverse(clockwise) : clockwise).slice(0, this.#capacity)
    const changed =
      sorted.length !== this.#entries.length ||
      sorted.some((entry, index) => entry.peerId !== this.#entries[index]?.peerId)
    this.#entries = sorted
    if (sorted.length >= this.#capacity) this.#isWhole = false
    return changed
  }

  // The nearest half stays as it is on the ring: who owns what, and who holds copies, is read from it.
  #diverse(clockwise: readonly Contact[]): Contact[] {
    const half = Math.ceil(this.#capacity / 2)
    const counts = new Map<string, number>()
    return clockwise.filter((contact, index) => {
      const ranges = publicRangesOf(contact)
      const isCrowded = ranges.some(range => (counts.get(range) ?? 0) >= MAX_SUCCESSORS_PER_RANGE)
      if (index >= half && isCrowded) return false
      for (const range of ranges) counts.set(range, (counts.get(range) ?? 0) + 1)
      return true
    })
  }

  #compare(a: Contact, b: Contact): number {
    return distance(this.#self, a.position) < distance(this.#self, b.position) ? -1 : 1
  }
}
