import { MessageChannel, Worker } from 'node:worker_threads'
import {
  createMessageConnection,
  type MessageConnection,
  PortMessageReader,
  PortMessageWriter,
  ResponseError
} from 'vscode-jsonrpc/node'
import type { PeerApi } from '../api.ts'
import { PeerError } from '../errors.ts'
import type { Unsubscribe } from '../event-emitter.ts'
import type { SealStore } from '../identity/seal-store.ts'
import { createLogger, type Logger, type LogLine } from '../log.ts'
import type { PeerSettings } from '../settings.ts'
import { ControlClient } from './control-client.ts'
import { decodeError } from './control-protocol.ts'
import { type EngineInit, engineProtocol } from './engine-protocol.ts'
import type { OpenedPeer, PeerOwnership } from './open-peer.ts'
import { PeerFacade } from './peer-facade.ts'
import { PortStream } from './port-stream.ts'

export interface WorkerPeerOptions {
  /** Where the built `engine-worker.js` lies. */
  worker: URL
  dataFolder: string
  sealStore: SealStore
  settings: PeerSettings
  /** Calls `use` with the settings at each change: what a peer that is inherited later will run with. */
  followSettings?: (use: (settings: PeerSettings) => void) => Unsubscribe
  log: (line: LogLine) => void
}

/**
 * `openPeer` in a thread of its own: network, encryption and the garbage that they make never hold up the editor's thread,
 * and a fault in them does not take the other extensions down.
 * @throws PeerError as `openPeer` does
 */
export async function openPeerInWorker(options: WorkerPeerOptions): Promise<OpenedPeer> {
  const peer = new WorkerPeer(options)
  await peer.open()
  return peer
}

class WorkerPeer implements OpenedPeer {
  readonly #log: Logger
  readonly #worker: Worker
  readonly #connection: MessageConnection
  readonly #facade: PeerFacade
  readonly #stream: PortStream
  #role: PeerOwnership = 'client'
  #closed: Promise<void> | undefined
  readonly #unfollow: Unsubscribe | undefined
  #exited = false

  constructor({ worker, dataFolder, settings, followSettings, sealStore, log }: WorkerPeerOptions) {
    const { port1, port2 } = new MessageChannel()
    const init: EngineInit = { dataFolder, settings, sealKind: sealStore.kind }
    this.#log = createLogger('control', log)
    this.#worker = new Worker(worker, { workerData: { init, apiPort: port2 }, transferList: [port2] })
    this.#facade = new PeerFacade(this.#log)
    this.#stream = new PortStream(port1)
    this.#connection = createMessageConnection(
      new PortMessageReader(this.#worker),
      new PortMessageWriter(this.#worker)
    )
    this.#connection.onRequest(engineProtocol.loadSeal, async () => encodeSeal(await sealStore.load()))
    this.#connection.onRequest(engineProtocol.saveSeal, seal => sealStore.save(Buffer.from(seal, 'base64')))
    this.#connection.onNotification(engineProtocol.log, log)
    this.#connection.onNotification(engineProtocol.role, role => {
      this.#role = role
    })
    this.#worker.on('error', error => this.#log.error('The engine failed', error))
    this.#worker.on('exit', () => this.#onExit())
    this.#connection.listen()
    this.#unfollow = followSettings?.(changed => this.#updateSettings(changed))
  }

  get api(): PeerApi {
    return this.#facade.api
  }

  role(): PeerOwnership {
    return this.#role
  }

  async open(): Promise<void> {
    try {
      await this.#connection.sendRequest(engineProtocol.open)
      const client = await ControlClient.connect(this.#stream, false, this.#log)
      this.#facade.attach(client.api)
    } catch (error) {
      this.#unfollow?.()
      this.#closed = Promise.resolve()
      await this.#worker.terminate()
      if (error instanceof PeerError) throw error
      throw error instanceof ResponseError ? decodeError(error.message, error.data) : stopped(error)
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  #updateSettings(settings: PeerSettings): void {
    if (this.#exited) return
    this.#connection
      .sendNotification(engineProtocol.settings, settings)
      .catch((error: unknown) => this.#log.warn('The engine was not told of the new settings', error))
  }

  async #close(): Promise<void> {
    this.#unfollow?.()
    if (!this.#exited) await this.#connection.sendRequest(engineProtocol.close)
    this.#facade.fail(new PeerError('CONTROL_LOST', 'This window has closed the peer. Open it again.'))
    await this.#worker.terminate()
  }

  #onExit(): void {
    this.#exited = true
    this.#unfollow?.()
    this.#connection.dispose()
    this.#stream.destroy()
    if (this.#closed) return
    this.#log.error('The engine stopped')
    this.#facade.fail(stopped())
  }
}

function stopped(cause?: unknown): PeerError {
  return new PeerError('INTERNAL', 'The Chordcast engine stopped. Reload the window to start it again.', {
    cause
  })
}

function encodeSeal(seal: Uint8Array | undefined): string | null {
  return seal ? Buffer.from(seal).toString('base64') : null
}
