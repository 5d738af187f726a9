import type { Socket } from 'node:net'
import type { PeerApi } from '../api.ts'
import type { Logger } from '../log.ts'
import { ControlConnection, type ControlLimits } from './control-connection.ts'
import type { ControlLock } from './control-lock.ts'

/** How many clients, and how much from and for each of them. */
export interface ControlServerLimits extends ControlLimits {
  /** Connections at a time; further ones are closed at once. */
  clients: number
}

/** Limits that fit a person with many windows and scripts. */
export const CONTROL_LIMITS: ControlServerLimits = {
  clients: 64,
  messageBytes: 1024 * 1024,
  backlogBytes: 16 * 1024 * 1024,
  requests: 64,
  helloDeadline: 5000
}

/** Serves a peer to the other processes of this user, over the socket that is also the lock of the data folder. */
export class ControlServer {
  readonly #lock: ControlLock
  readonly #api: Promise<PeerApi>
  readonly #log: Logger
  readonly #limits: ControlServerLimits
  readonly #connections = new Set<ControlConnection>()

  /** @param api Settles when the peer runs or failed to start; requests that come earlier wait for it. */
  constructor(lock: ControlLock, api: Promise<PeerApi>, log: Logger, limits = CONTROL_LIMITS) {
    this.#lock = lock
    this.#api = api
    this.#log = log
    this.#limits = limits
    lock.onConnection(socket => this.#accept(socket))
  }

  /** Connected clients that will take the peer over when this process goes. */
  get heirs(): number {
    return [...this.#connections].filter(connection => connection.isHeir).length
  }

  /** Disconnects every client and releases the lock: from now on another process may own the data folder. */
  async close(): Promise<void> {
    for (const connection of this.#connections) connection.close()
    await this.#lock.release()
  }

  #accept(socket: Socket): void {
    if (socket.destroyed) return
    if (this.#connections.size >= this.#limits.clients) {
      this.#log.warn(`More than ${this.#limits.clients} clients on the control socket: one was turned away.`)
      socket.destroy()
      return
    }
    const connection = new ControlConnection(socket, this.#api, this.#log, this.#limits)
    this.#connections.add(connection)
    socket.once('close', () => this.#connections.delete(connection))
  }
}
