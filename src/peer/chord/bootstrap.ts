import type { PeerId } from '@libp2p/interface'
import type { ConnectionManager } from '@libp2p/interface-internal'
import type { Multiaddr } from '@multiformats/multiaddr'
import { PeerError, toPeerError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { type Contact, contactOf } from './contact.ts'

export interface BootstrapComponents {
  connectionManager: ConnectionManager
  peerId: PeerId
  log: Logger
}

/** Milliseconds for one address. */
const DIAL_TIMEOUT = 10_000
/** Milliseconds for all of them. */
const TOTAL_TIMEOUT = 20_000
const PARALLEL_DIALS = 3

/** The configured addresses of a ring, and the peers found behind them. */
export class Bootstrap {
  readonly #components: BootstrapComponents
  #addresses: readonly Multiaddr[] = []
  readonly #contacts = new Map<string, Contact>()

  constructor(components: BootstrapComponents) {
    this.#components = components
  }

  /** Replaces the configured addresses. */
  configure(addresses: readonly Multiaddr[]): void {
    this.#addresses = addresses
    this.#contacts.clear()
  }

  /** The peers behind the addresses, as far as they can be reached now; those known already are not dialled. */
  async contacts(signal: AbortSignal): Promise<Contact[]> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(TOTAL_TIMEOUT)])
    const results = await Promise.allSettled(this.#addresses.map(address => this.#dial(address, limit)))
    return results.flatMap(result => (result.status === 'fulfilled' && result.value ? [result.value] : []))
  }

  /**
   * Races the addresses, three at a time, until `enter` succeeds through one of them. Returns false when every address is
   * this peer's own, or there is none: it is the first of its ring.
   * @throws PeerError BOOTSTRAP_UNREACHABLE, with each address and what is wrong with it; the signal's reason
   */
  async race(
    enter: (contact: Contact, signal: AbortSignal) => Promise<void>,
    options: { signal: AbortSignal; onStage?: (text: string) => void }
  ): Promise<boolean> {
    const deadline = AbortSignal.any([options.signal, AbortSignal.timeout(TOTAL_TIMEOUT)])
    const reasons: string[] = []
    let isOwn = true
    for (const [index, attempt] of this.#attempts(deadline, options.onStage).entries()) {
      const outcome = await attempt()
      options.signal.throwIfAborted()
      if (outcome === 'self') continue
      isOwn = false
      const address = this.#addresses[index]
      const reason = outcome instanceof Error ? outcome.message : await tryEnter(enter, outcome, deadline)
      if (reason === undefined) return true
      options.signal.throwIfAborted()
      reasons.push(`${address}: ${reason}`)
    }
    if (isOwn) return false
    throw unreachable(reasons)
  }

  // The next two addresses are being dialled while one is tried, so that a dead one costs no time of its own.
  #attempts(
    signal: AbortSignal,
    onStage?: (text: string) => void
  ): (() => Promise<Contact | 'self' | Error>)[] {
    const started: Promise<Contact | 'self' | Error>[] = []
    const start = (index: number): void => {
      const address = this.#addresses[index]
      if (!address || started[index]) return
      onStage?.(`Dialling bootstrap ${index + 1} of ${this.#addresses.length}`)
      started[index] = this.#dial(address, signal).then(
        contact => contact ?? 'self',
        (error: unknown) => (isSelfDial(error) ? 'self' : toPeerError(error))
      )
    }
    return this.#addresses.map((_, index) => () => {
      for (let ahead = 0; ahead < PARALLEL_DIALS; ahead++) start(index + ahead)
      return started[index] ?? Promise.resolve('self' as const)
    })
  }

  async #dial(address: Multiaddr, signal: AbortSignal): Promise<Contact | undefined> {
    const { connectionManager, peerId, log } = this.#components
    const known = this.#contacts.get(address.toString())
    if (known) return known
    if (address.toString().endsWith(`/p2p/${peerId}`)) return undefined
    const limit = AbortSignal.any([signal, AbortSignal.timeout(DIAL_TIMEOUT)])
    const connection = await connectionManager.openConnection(address, { signal: limit })
    const contact = contactOf(connection.remotePeer.toString(), [connection.remoteAddr.toString()])
    this.#contacts.set(address.toString(), contact)
    log.debug(`Bootstrap ${address} is peer ${contact.peerId}`)
    return contact
  }
}

// Only the handshake shows that an address without a peer id is our own; libp2p ends it then.
function isSelfDial(error: unknown): boolean {
  return error instanceof Error && error.name === 'InvalidPeerIdError'
}

async function tryEnter(
  enter: (contact: Contact, signal: AbortSignal) => Promise<void>,
  contact: Contact,
  signal: AbortSignal
): Promise<string | undefined> {
  try {
    await enter(contact, signal)
    return undefined
  } catch (error) {
    return toPeerError(error).message
  }
}

/** What a library says of a failure may end without a full stop. */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

function unreachable(reasons: readonly string[]): PeerError {
  return new PeerError(
    'BOOTSTRAP_UNREACHABLE',
    `No bootstrap peer let this peer in. ${reasons.map(sentence).join(' ')} Check the addresses, or join without one to start a new ring.`
  )
}
