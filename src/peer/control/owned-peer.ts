import { setTimeout as delay } from 'node:timers/promises'
import type { PeerApi } from '../api.ts'
import { Keystore } from '../identity/keystore.ts'
import type { SealStore } from '../identity/seal-store.ts'
import { openDataFolder } from '../library/data-folder.ts'
import type { Logger, LogLine } from '../log.ts'
import type { PeerSettings } from '../settings.ts'
import type { ControlLock } from './control-lock.ts'
import { ControlServer } from './control-server.ts'
import type { PeerFactory, RunningPeer } from './peer-factory.ts'
import { recordSession, SessionFile } from './session-file.ts'

/** Milliseconds that a peer may take to close before its data folder is given up regardless. */
const CLOSE_DEADLINE = 2000

/** What the owner of a data folder needs to run its peer. */
export interface OwnedPeerInit {
  /** Absolute path of the data folder. */
  dataFolder: string
  sealStore: SealStore
  settings: PeerSettings
  log: (line: LogLine) => void
  createPeer: PeerFactory
}

/** A peer that runs in this process and is served to the others. */
export class OwnedPeer {
  /** The peer, as `PeerApi`. */
  readonly api: PeerApi
  readonly #peer: RunningPeer
  readonly #keystore: Keystore
  readonly #session: SessionFile
  readonly #server: ControlServer
  readonly #log: Logger

  private constructor(
    parts: { peer: RunningPeer; keystore: Keystore; session: SessionFile },
    server: ControlServer,
    log: Logger
  ) {
    this.#peer = parts.peer
    this.#keystore = parts.keystore
    this.#session = parts.session
    this.#server = server
    this.#log = log
    this.api = recordSession(parts.peer, parts.session)
  }

  /**
   * Opens the data folder and runs its peer. Clients that connect meanwhile are served once it runs. If it cannot run, the lock
   * is given back.
   * @throws PeerError as `openDataFolder`, `Keystore.open` and the factory do
   */
  static async start(lock: ControlLock, init: OwnedPeerInit, log: Logger): Promise<OwnedPeer> {
    const ready = Promise.withResolvers<PeerApi>()
    // Whoever awaits it hears of the failure; it may come before anybody does.
    ready.promise.catch(() => undefined)
    const server = new ControlServer(lock, ready.promise, log)
    try {
      const owned = new OwnedPeer(await openParts(init), server, log)
      ready.resolve(owned.api)
      return owned
    } catch (error) {
      ready.reject(error)
      await server.close()
      throw error
    }
  }

  /** Joins as the owner before did, if it had not left. The outcome shows in the peer's status. */
  rejoin(): void {
    const { joined, bootstrap } = this.#session.session
    if (!joined) return
    this.#log.info('Joining the ring again, as before')
    this.#peer.join(bootstrap).catch((error: unknown) => this.#log.warn('Joining again failed', error))
  }

  /** Stops the peer and gives the data folder to the next one. Without an heir, the peer counts as having left. */
  async close(): Promise<void> {
    await this.#closePeer()
    try {
      await this.#keystore.close()
    } catch (error) {
      this.#log.warn('The keystore did not close cleanly', error)
    }
    await this.#noteLeave()
    await this.#server.close()
  }

  /** Asked last: of windows that close together, most are gone by now and inherit nothing. */
  async #noteLeave(): Promise<void> {
    if (this.#server.heirs > 0 || !this.#session.session.joined) return
    try {
      await this.#session.save({ ...this.#session.session, joined: false })
    } catch (error) {
      this.#log.warn('The next start will join the ring again: that this peer left could not be noted', error)
    }
  }

  async #closePeer(): Promise<void> {
    const deadline = new AbortController()
    const late = delay(CLOSE_DEADLINE, 'late', { signal: deadline.signal, ref: false })
    // Rejects only when it is no longer needed.
    late.catch(() => undefined)
    try {
      const outcome = await Promise.race([this.#peer.close({ hurry: this.#server.heirs > 0 }), late])
      if (outcome === 'late') this.#log.warn('The peer did not close in time; its data folder is given up.')
    } catch (error) {
      this.#log.warn('The peer did not close cleanly', error)
    } finally {
      deadline.abort()
    }
  }
}

async function openParts(
  init: OwnedPeerInit
): Promise<{ peer: RunningPeer; keystore: Keystore; session: SessionFile }> {
  const folder = await openDataFolder(init.dataFolder)
  const session = await SessionFile.load(init.dataFolder)
  const keystore = await Keystore.open(folder, init.sealStore)
  try {
    const peer = await init.createPeer({ folder, keystore, settings: init.settings, log: init.log })
    return { peer, keystore, session }
  } catch (error) {
    await keystore.close()
    throw error
  }
}
