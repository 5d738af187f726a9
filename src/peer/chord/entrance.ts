import type { Clock } from '../clock.ts'
import { PeerError, toPeerError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Random } from '../random.ts'
import { AGREEING_PATHS_JOIN } from './constants.ts'
import type { Contact } from './contact.ts'
import { deadline } from './deadline.ts'
import type { Membership } from './membership.ts'
import type { Network } from './network.ts'
import { positionFromBytes } from './ring-position.ts'
import type { RingState } from './ring-state.ts'
import type { Search } from './search.ts'

export interface EntranceComponents {
  ring: RingState
  network: Network
  clock: Clock
  random: Random
  log: Logger
  membership: Membership
  search: Search
  /** Members to begin with, of the ring that these peers are in. */
  seedsFrom(entries: readonly Contact[], signal: AbortSignal): Promise<Contact[]>
}

export interface EnterOptions {
  signal: AbortSignal
  /** Is told what is being done, in words. */
  onStage?: (text: string) => void
}

/** Milliseconds that a join waits for a dial-back. */
const DIAL_BACK_PATIENCE = 7_000
/** Random keys that a joiner looks up to know members all around the ring. */
const EXPLORED_KEYS = 3
const GOODBYE_TIMEOUT = 1_000

/** How a peer comes into a ring, and how it goes. */
export class Entrance {
  readonly #components: EntranceComponents

  constructor(components: EntranceComponents) {
    this.#components = components
  }

  /**
   * Finds this peer's place through a peer of the ring, takes over its successor's list (Zave's join: before becoming a
   * member), and asks to be dialled back.
   * @throws PeerError NOT_JOINED when the entry knows no ring; what a look-up throws; the signal's reason
   */
  async enter(entry: Contact, { signal, onStage }: EnterOptions): Promise<void> {
    const { ring, search, seedsFrom } = this.#components
    onStage?.('Looking up this peer’s place in the ring')
    const known = await seedsFrom([entry], signal)
    if (known.length === 0) {
      throw new PeerError('NOT_JOINED', 'The bootstrap peer knows no ring. Try another one.')
    }
    for (const contact of known) ring.fingers.learn(contact)
    await this.#explore(signal)
    const { members } = await search.agreedOwners(ring.position, AGREEING_PATHS_JOIN, { signal })
    const others = members.filter(member => member.peerId !== ring.peerId)
    const [head, ...tail] = others
    if (head) ring.adopt(head, tail)
    onStage?.('Asking another peer to dial back')
    await this.#seekMembership(others, signal)
  }

  /** Tells the neighbours that this peer goes, and who they are to each other. */
  async sayGoodbye(signal: AbortSignal): Promise<void> {
    const { ring, network, log } = this.#components
    const { predecessor } = ring
    const successors = [...ring.successors.entries]
    const request = predecessor ? { predecessor, successors } : { successors }
    const told = new Map(
      [...successors, ...(predecessor ? [predecessor] : [])].map(peer => [peer.peerId, peer])
    )
    const goodbyes = [...told.values()].map(contact =>
      network.call(contact, 'leave', request, { signal, timeout: GOODBYE_TIMEOUT })
    )
    const results = await Promise.allSettled(goodbyes)
    const failed = results.filter(result => result.status === 'rejected').length
    if (failed > 0) log.debug(`${failed} neighbours were not told of this peer’s leave`)
  }

  // One way into the ring is one peer's word for it: contacts from all over give the search for the own place other ways.
  async #explore(signal: AbortSignal): Promise<void> {
    const { random, search, log } = this.#components
    const keys = Array.from({ length: EXPLORED_KEYS }, () => positionFromBytes(random.bytes(32)))
    const lookups = await Promise.allSettled(keys.map(key => search.owners(key, { signal })))
    signal.throwIfAborted()
    const failed = lookups.filter(lookup => lookup.status === 'rejected').length
    if (failed > 0) log.debug(`${failed} of ${EXPLORED_KEYS} first look-ups found nobody`)
  }

  // A peer behind a firewall learns that slowly; it need not wait for that with what it came for.
  async #seekMembership(members: readonly Contact[], signal: AbortSignal): Promise<void> {
    const { clock, membership, log } = this.#components
    const limit = deadline(clock, DIAL_BACK_PATIENCE, signal)
    try {
      await membership.seek(members, limit.signal)
    } catch (error) {
      signal.throwIfAborted()
      log.debug(`Joined as a client for now: ${toPeerError(error).message}`)
      membership.remainClient()
    } finally {
      limit.release()
    }
  }
}
