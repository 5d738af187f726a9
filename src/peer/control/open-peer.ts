import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { PeerApi } from '../api.ts'
import { PeerError, toPeerError } from '../errors.ts'
import { createDataFolder } from '../library/data-folder.ts'
import { createLogger, type Logger } from '../log.ts'
import type { PeerSettings } from '../settings.ts'
import { ControlClient } from './control-client.ts'
import { type ControlLock, claimControl } from './control-lock.ts'
import { OwnedPeer, type OwnedPeerInit } from './owned-peer.ts'
import { PeerFacade } from './peer-facade.ts'
import type { PeerFactory } from './peer-factory.ts'

/** Milliseconds in which owning a data folder or reaching its owner must succeed. */
const SETTLE_DEADLINE = 10_000
/** Milliseconds that a window whose take-over failed waits for another's, before it tries again. */
const RETRY_DELAY = 2000

/** How to reach the peer of a data folder. */
export interface OpenPeerOptions extends Omit<OwnedPeerInit, 'createPeer' | 'settings'> {
  /** A function is asked when this process becomes the owner, which may be long after it opened the peer. */
  settings: PeerSettings | (() => PeerSettings)
  /** Only speak to a peer that runs already; never run or inherit one. */
  clientOnly?: boolean
  /** Whether this process runs the peer on when its owner goes; default true. Without, calls reject with CONTROL_LOST then. */
  inherit?: boolean
  /** Told once when the peer's owner has gone and this process neither inherits it nor looks for the next one. */
  onLost?: (error: PeerError) => void
  /** Whether a peer that finds its predecessor crashed while joined joins again by itself; default true. */
  rejoin?: boolean
  /** Told who runs the peer, at first and at each change. */
  onRole?: (role: PeerOwnership) => void
  /** For tests; default is the engine. */
  createPeer?: PeerFactory
}

/** `owner`: the peer runs here; `client`: in another process. */
export type PeerOwnership = 'owner' | 'client'

/** A data folder's peer, in this process or another one. */
export interface OpenedPeer {
  /** The same object whoever runs the peer; subscriptions outlive a change of owner. */
  readonly api: PeerApi
  /** `owner` while the peer runs in this process. */
  role(): PeerOwnership
  /** Lets go: an owner hands over to a client that takes over, or stops the peer. Calling it again waits for the same end. */
  close(): Promise<void>
}

/**
 * Runs the peer of a data folder, or joins the process that runs it already. When that one goes, one of the others takes over
 * within two seconds and carries on.
 * @throws PeerError NOT_JOINED (`clientOnly`, and no peer runs), UPGRADE_NEEDED, DATA_FOLDER_BUSY, and as `OwnedPeer.start`
 */
export async function openPeer(options: OpenPeerOptions): Promise<OpenedPeer> {
  const shared = new SharedPeer(options)
  await shared.open()
  return shared
}

class SharedPeer implements OpenedPeer {
  readonly #options: OpenPeerOptions
  readonly #log: Logger
  readonly #facade: PeerFacade
  readonly #closing = new AbortController()
  #owned: OwnedPeer | undefined
  #client: ControlClient | undefined
  #settling: Promise<void> = Promise.resolve()
  #closed: Promise<void> | undefined

  constructor(options: OpenPeerOptions) {
    this.#options = options
    this.#log = createLogger('control', options.log)
    this.#facade = new PeerFacade(this.#log)
  }

  get api(): PeerApi {
    return this.#facade.api
  }

  role(): PeerOwnership {
    return this.#owned ? 'owner' : 'client'
  }

  async open(): Promise<void> {
    if (!this.#options.clientOnly) await createDataFolder(this.#options.dataFolder)
    await this.#settle(this.#options.rejoin ?? true)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  /** Becomes owner or client. Losing a race, or an owner that goes at this moment, means another try. */
  async #settle(rejoin: boolean): Promise<void> {
    const deadline = performance.now() + SETTLE_DEADLINE
    while (!this.#closing.signal.aborted) {
      if (await this.#tryToSettle(rejoin)) return
      if (performance.now() > deadline) throw busy()
      await delay(5 + Math.random() * 20)
    }
  }

  async #tryToSettle(rejoin: boolean): Promise<boolean> {
    const { dataFolder, clientOnly } = this.#options
    const claim = await claimControl(dataFolder, !clientOnly)
    if (claim?.role === 'owner') return await this.#own(claim.lock, rejoin)
    if (claim?.role === 'client') return await this.#follow(claim.socket)
    if (clientOnly) throw notRunning()
    return false
  }

  async #own(lock: ControlLock, rejoin: boolean): Promise<boolean> {
    const { settings: given, createPeer = createEngine } = this.#options
    const settings = typeof given === 'function' ? given() : given
    this.#owned = await OwnedPeer.start(lock, { ...this.#options, settings, createPeer }, this.#log)
    this.#log.info('This process runs the peer of the data folder')
    this.#options.onRole?.('owner')
    this.#facade.attach(this.#owned.api)
    if (rejoin) this.#owned.rejoin()
    return true
  }

  async #follow(socket: Socket): Promise<boolean> {
    const client = await this.#greet(socket)
    if (!client) return false
    this.#client = client
    this.#log.info('Another process runs the peer of the data folder')
    this.#options.onRole?.('client')
    this.#facade.attach(client.api)
    client.lost.then(() => this.#onOwnerGone()).catch(error => this.#log.error('Take-over failed', error))
    return true
  }

  /** Undefined when the owner went away at this moment. */
  async #greet(socket: Socket): Promise<ControlClient | undefined> {
    try {
      return await ControlClient.connect(socket, this.#inherits, this.#log)
    } catch (error) {
      if (error instanceof PeerError && error.code === 'CONTROL_LOST') return undefined
      throw error
    }
  }

  async #onOwnerGone(): Promise<void> {
    this.#client = undefined
    this.#facade.detach()
    if (this.#closing.signal.aborted) return
    if (!this.#inherits) {
      this.#loseOwner()
      return
    }
    this.#settling = this.#takeOver()
    await this.#settling
  }

  get #inherits(): boolean {
    return !this.#options.clientOnly && (this.#options.inherit ?? true)
  }

  #loseOwner(): void {
    const error = this.#options.clientOnly ? notRunning() : ownerGone()
    this.#facade.fail(error)
    this.#options.onLost?.(error)
  }

  /** Does not reject: whatever fails here may work at the next try. */
  async #takeOver(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        await this.#settle(true)
        return
      } catch (error) {
        this.#log.error('The peer of the data folder could not be taken over', error)
        if (await this.#followAnother()) return
        this.#facade.fail(toPeerError(error))
      }
    }
  }

  /** Gives other windows the time to do what this one could not. */
  async #followAnother(): Promise<boolean> {
    const deadline = performance.now() + RETRY_DELAY
    while (!this.#closing.signal.aborted && performance.now() < deadline) {
      await delay(50)
      if (await this.#tryToFollow()) return true
    }
    return false
  }

  async #tryToFollow(): Promise<boolean> {
    try {
      const claim = await claimControl(this.#options.dataFolder, false)
      return claim?.role === 'client' && (await this.#follow(claim.socket))
    } catch (error) {
      this.#log.debug(`No other window to follow: ${toPeerError(error).message}`)
      return false
    }
  }

  async #close(): Promise<void> {
    this.#closing.abort()
    await this.#settling
    this.#facade.fail(new PeerError('CONTROL_LOST', 'This window has closed the peer. Open it again.'))
    this.#client?.close()
    const owned = this.#owned
    this.#owned = undefined
    await owned?.close()
  }
}

/** The engine is loaded only by the process that runs it. */
const createEngine: PeerFactory = async init => {
  const { createPeer } = await import('../peer.ts')
  return await createPeer(init)
}

function busy(): PeerError {
  return new PeerError(
    'DATA_FOLDER_BUSY',
    'Another process holds this data folder but does not answer. Close it and try again.'
  )
}

function ownerGone(): PeerError {
  return new PeerError(
    'CONTROL_LOST',
    'The window or command that ran the peer was closed. Run this command again.'
  )
}

function notRunning(): PeerError {
  return new PeerError('NOT_JOINED', 'No peer runs in this folder. Start one, or open the editor and join.')
}
