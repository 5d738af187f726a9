import type { PeerApi, PeerEventName, PeerEvents } from '../api.ts'
import { PeerError } from '../errors.ts'
import { EventEmitter, type Unsubscribe } from '../event-emitter.ts'
import type { Logger } from '../log.ts'
import { PEER_EVENTS, PEER_METHODS, type PeerMethod } from './control-protocol.ts'
import { callPeer, forwardPeer } from './forward-peer.ts'

/** Milliseconds that a call waits for a peer while the data folder changes hands. */
const SWITCH_DEADLINE = 15_000

/**
 * One `PeerApi` that outlives the peer behind it. While the data folder changes hands, calls wait; reads that were under way
 * are asked again; whoever listens is told the new peer's state.
 */
export class PeerFacade {
  /** For the views: the same object for as long as the window lives. */
  readonly api: PeerApi
  readonly #log: Logger
  readonly #events = new EventEmitter<PeerEvents>()
  readonly #listeners = new Map<PeerEventName, number>()
  readonly #subscriptions = new Map<PeerEventName, Unsubscribe>()
  #current: PeerApi | undefined
  #next = Promise.withResolvers<PeerApi>()
  #everAttached = false

  constructor(log: Logger) {
    this.#log = log
    this.api = forwardPeer(
      (method, values) => this.#call(method, values),
      (event, listener) => this.#on(event, listener)
    )
    // Whoever awaits it hears of the failure; it may come before anybody does.
    this.#next.promise.catch(() => undefined)
  }

  /** From now on this peer answers. */
  attach(api: PeerApi): void {
    this.detach()
    this.#current = api
    this.#next.resolve(api)
    for (const event of this.#listeners.keys()) this.#follow(event, api)
    if (this.#everAttached) this.#tellState(api)
    this.#everAttached = true
  }

  /** The peer is gone: calls wait for the next one. */
  detach(): void {
    if (!this.#current) return
    this.#current = undefined
    this.#renew()
    for (const unsubscribe of this.#subscriptions.values()) unsubscribe()
    this.#subscriptions.clear()
  }

  /** No peer can be had now: calls reject with `error` until one is attached. */
  fail(error: PeerError): void {
    this.detach()
    this.#next.reject(error)
    this.#renew(Promise.reject(error))
  }

  #renew(promise?: Promise<PeerApi>): void {
    this.#next = Promise.withResolvers<PeerApi>()
    if (promise) this.#next.resolve(promise)
    this.#next.promise.catch(() => undefined)
  }

  async #call(method: PeerMethod, values: unknown[]): Promise<unknown> {
    for (;;) {
      const api = this.#current ?? (await this.#waitForPeer())
      try {
        return await callPeer(api, method, values)
      } catch (error) {
        const lost = error instanceof PeerError && error.code === 'CONTROL_LOST'
        if (!lost || !PEER_METHODS[method].repeatable) throw error
        if (this.#current === api) this.detach()
      }
    }
  }

  async #waitForPeer(): Promise<PeerApi> {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(nobody()), SWITCH_DEADLINE)
    try {
      return await Promise.race([this.#next.promise, late])
    } finally {
      clearTimeout(timer)
    }
  }

  #on<Name extends PeerEventName>(event: Name, listener: (value: PeerEvents[Name]) => void): Unsubscribe {
    const unsubscribe = this.#events.on(event, listener)
    this.#listeners.set(event, (this.#listeners.get(event) ?? 0) + 1)
    if (this.#current && !this.#subscriptions.has(event)) this.#follow(event, this.#current)
    let active = true
    return () => {
      unsubscribe()
      if (active) this.#forget(event)
      active = false
    }
  }

  #forget(event: PeerEventName): void {
    const left = (this.#listeners.get(event) ?? 1) - 1
    if (left > 0) {
      this.#listeners.set(event, left)
      return
    }
    this.#listeners.delete(event)
    this.#subscriptions.get(event)?.()
    this.#subscriptions.delete(event)
  }

  #follow<Name extends PeerEventName>(event: Name, api: PeerApi): void {
    this.#subscriptions.set(
      event,
      api.on(event, value => this.#events.emit(event, value))
    )
  }

  /** Listeners knew the former peer's state; events that fell into the switch are made up for. */
  #tellState(api: PeerApi): void {
    const tell = async (): Promise<void> => {
      if (this.#listeners.has(PEER_EVENTS.status)) this.#events.emit('status', await api.status())
      if (this.#listeners.has(PEER_EVENTS.video)) {
        for (const video of await api.videos()) this.#events.emit('video', video)
      }
      if (this.#listeners.has(PEER_EVENTS.peers)) this.#events.emit('peers', await api.connectedPeers())
    }
    tell().catch((error: unknown) =>
      this.#log.debug(`The new peer's state is not known yet: ${String(error)}`)
    )
  }
}

function nobody(): PeerError {
  return new PeerError(
    'CONTROL_LOST',
    'No window runs the peer of this data folder any more. Reload the window.'
  )
}
