import type { Failure, PeerApi } from '../peer/api.ts'
import type { OpenedPeer } from '../peer/control/open-peer.ts'
import { PeerError, toPeerError } from '../peer/errors.ts'
import { EventEmitter } from '../peer/event-emitter.ts'
import type { Logger } from '../peer/log.ts'
import type { NetworkState } from '../shared/player-protocol.ts'
import { PeerModel } from './peer-model.ts'

/** What the controller needs from the editor. */
export interface PeerControllerHost {
  /** Loads the engine and opens the data folder, in this process or through the window that has it. */
  open(): Promise<OpenedPeer>
  /** Whether the user agrees to become visible. Asked before the first join only. */
  consent(): Promise<boolean>
  /** Configured bootstrap addresses. */
  bootstrap(): readonly string[]
  logger: Logger
}

interface Joining {
  done: Promise<boolean>
  abort: AbortController
  /** The user agreed: from here on the peer counts as starting. */
  agreed: boolean
}

/**
 * The life of the peer as this window sees it: opened on first use, joined on demand, closed with the window.
 * Opening reads the library and listens nowhere; joining listens, and so asks for consent first.
 */
export class PeerController {
  readonly model = new PeerModel()
  readonly events = new EventEmitter<{ state: NetworkState }>()
  readonly #host: PeerControllerHost
  #opening: Promise<OpenedPeer> | undefined
  #opened: OpenedPeer | undefined
  #joining: Joining | undefined
  #failure: Failure | undefined
  #lastState: NetworkState = 'stopped'
  #closed = false

  constructor(host: PeerControllerHost) {
    this.#host = host
    this.model.events.on('status', () => this.#announceState())
  }

  get state(): NetworkState {
    if (this.#joining?.agreed) return 'starting'
    if (this.#failure !== undefined) return 'failed'
    return this.model.status?.state ?? 'stopped'
  }

  /** Why the state is `failed`. */
  get failure(): Failure | undefined {
    return this.#failure ?? this.model.status?.failure
  }

  /** The peer if it is open, without opening it. */
  get api(): PeerApi | undefined {
    return this.#opened?.api
  }

  /** Whether the peer runs in this window or is shared from another one; undefined until opened. */
  get role(): 'owner' | 'client' | undefined {
    return this.#opened?.role()
  }

  /** Opens the peer, once. Later calls get the same one; a failure is reported and the next call tries again. */
  async open(): Promise<PeerApi> {
    if (this.#closed) throw new PeerError('NOT_JOINED', 'This window is closing.')
    this.#opening ??= this.#openNow()
    return (await this.#opening).api
  }

  /** Joins the ring; true when joined, false when the user declined. Calls while joining share one attempt. */
  join(): Promise<boolean> {
    if (this.state === 'joined') return Promise.resolve(true)
    this.#joining ??= this.#startJoining()
    return this.#joining.done
  }

  /** Cancels joining, or leaves the ring. */
  async leave(): Promise<void> {
    const joining = this.#joining
    joining?.abort.abort()
    await joining?.done.catch((error: unknown) =>
      this.#host.logger.debug(`joining ended: ${toPeerError(error).message}`)
    )
    this.#failure = undefined
    await this.#opened?.api.leave()
    this.#announceState()
  }

  /** Closes and opens again with the settings of now, and joins if it was joined. */
  async restart(): Promise<void> {
    const wasJoined = this.state === 'joined'
    await this.#shut()
    await this.open()
    if (wasJoined) await this.join()
  }

  /** Leaves the ring and releases the data folder; the controller is of no use afterwards. */
  async close(): Promise<void> {
    this.#closed = true
    this.#joining?.abort.abort()
    await this.#shut()
  }

  async #openNow(): Promise<OpenedPeer> {
    try {
      const opened = await this.#host.open()
      await this.model.attach(opened.api).catch(async (error: unknown) => {
        await opened.close()
        throw error
      })
      this.#opened = opened
      this.#failure = undefined
      this.#host.logger.info(`opened the peer as ${opened.role()}`)
      return opened
    } catch (error) {
      this.#opening = undefined
      throw this.#fail(error)
    } finally {
      this.#announceState()
    }
  }

  #startJoining(): Joining {
    const joining: Joining = { done: Promise.resolve(false), abort: new AbortController(), agreed: false }
    joining.done = this.#joinOnceAgreed(joining).finally(() => {
      this.#joining = undefined
      this.#announceState()
    })
    return joining
  }

  async #joinOnceAgreed(joining: Joining): Promise<boolean> {
    if (!(await this.#host.consent())) return false
    joining.agreed = true
    this.#failure = undefined
    this.#announceState()
    await this.#joinNow(joining.abort.signal)
    return true
  }

  async #joinNow(signal: AbortSignal): Promise<void> {
    const api = await this.open()
    try {
      signal.throwIfAborted()
      this.model.takeStatus(await api.join(this.#host.bootstrap(), signal))
    } catch (error) {
      if (signal.aborted) throw new PeerError('ABORTED', 'Joining was cancelled.', { cause: error })
      throw this.#fail(error)
    }
  }

  #fail(error: unknown): PeerError {
    const failure = toPeerError(error)
    this.#failure = { code: failure.code, message: failure.message }
    return failure
  }

  async #shut(): Promise<void> {
    const opening = this.#opening
    this.#opening = undefined
    this.#opened = undefined
    this.#failure = undefined
    const opened = await opening?.catch(() => undefined)
    this.model.detach()
    await opened?.close()
  }

  #announceState(): void {
    const { state } = this
    if (state === this.#lastState) return
    this.#lastState = state
    this.events.emit('state', state)
  }
}
