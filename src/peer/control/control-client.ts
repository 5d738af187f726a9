import type { Duplex } from 'node:stream'
import * as v from 'valibot'
import {
  CancellationTokenSource,
  createMessageConnection,
  type MessageConnection,
  ParameterStructures,
  ResponseError
} from 'vscode-jsonrpc/node'
import type { PeerApi, PeerEventName, PeerEvents } from '../api.ts'
import { PeerError, toPeerError } from '../errors.ts'
import { EventEmitter, type Unsubscribe } from '../event-emitter.ts'
import type { Logger } from '../log.ts'
import {
  CONTROL_VERSION,
  decodeError,
  EVENT,
  HELLO,
  PEER_EVENTS,
  PEER_METHODS,
  type PeerMethod,
  SUBSCRIBE,
  splitArguments
} from './control-protocol.ts'
import { forwardPeer } from './forward-peer.ts'
import { BoundedMessageReader, BoundedMessageWriter } from './message-stream.ts'

const MAX_MESSAGE_BYTES = 32 * 1024 * 1024
const MAX_BACKLOG_BYTES = 8 * 1024 * 1024
const HELLO_DEADLINE = 5000

const eventSchema = v.tuple([v.enum(PEER_EVENTS), v.unknown()])

/** The peer of a data folder as seen through its control socket. */
export class ControlClient {
  /** The owner's peer. Calls reject with CONTROL_LOST once the connection is gone. */
  readonly api: PeerApi
  /** Resolves when the connection is gone. */
  readonly lost: Promise<void>
  readonly #connection: MessageConnection
  readonly #socket: Duplex
  readonly #events = new EventEmitter<PeerEvents>()
  readonly #listeners = new Map<PeerEventName, number>()
  readonly #gone = new AbortController()

  private constructor(socket: Duplex, log: Logger) {
    this.#socket = socket
    this.#connection = createMessageConnection(
      new BoundedMessageReader(socket, MAX_MESSAGE_BYTES),
      new BoundedMessageWriter(socket, MAX_BACKLOG_BYTES),
      { error: log.warn, warn: log.warn, info: log.debug, log: log.debug }
    )
    this.#connection.onError(([error]) => log.debug(`Control connection: ${error.message}`))
    this.#connection.onNotification(EVENT, (...parameters: unknown[]) => this.#receive(parameters, log))
    this.lost = whenClosed(socket).then(() => this.#onClose())
    this.#connection.listen()
    this.api = forwardPeer(
      (method, values) => this.#call(method, values),
      (event, listener) => this.#on(event, listener)
    )
  }

  /**
   * Says hello to the owner behind a connected socket.
   * @param heir Whether this process will take over when the owner goes.
   * @throws PeerError CONTROL_LOST, TIMEOUT, or UPGRADE_NEEDED when the owner is of another version
   */
  static async connect(socket: Duplex, heir: boolean, log: Logger): Promise<ControlClient> {
    const client = new ControlClient(socket, log)
    try {
      await client.#request(HELLO, [{ version: CONTROL_VERSION, heir }], { deadline: HELLO_DEADLINE })
      return client
    } catch (error) {
      client.close()
      throw error
    }
  }

  /** Ends the connection; what waits for an answer rejects with CONTROL_LOST. */
  close(): void {
    this.#socket.destroy()
  }

  async #call(method: PeerMethod, values: unknown[]): Promise<unknown> {
    const { parameters, signal } = splitArguments(method, values)
    const result = await this.#request(method, parameters, {
      signal,
      deadline: PEER_METHODS[method].deadline
    })
    return result ?? undefined
  }

  async #request(
    method: string,
    parameters: unknown[],
    { signal, deadline }: { signal?: AbortSignal | undefined; deadline?: number | undefined }
  ): Promise<unknown> {
    if (this.#gone.signal.aborted) throw controlLost()
    const cancellation = new CancellationTokenSource()
    const ends = [this.#gone.signal, ...(signal ? [signal] : [])]
    if (deadline !== undefined) ends.push(AbortSignal.timeout(deadline))
    const ended = endOf(AbortSignal.any(ends), this.#gone.signal)
    try {
      signal?.throwIfAborted()
      const answer = this.#connection.sendRequest(
        method,
        ParameterStructures.byPosition,
        ...parameters,
        cancellation.token
      )
      return await Promise.race([answer, ended.rejection])
    } catch (error) {
      if (!this.#gone.signal.aborted) cancellation.cancel()
      throw this.#rebuild(error)
    } finally {
      ended.dispose()
      cancellation.dispose()
    }
  }

  #rebuild(error: unknown): PeerError {
    if (error instanceof ResponseError && !this.#gone.signal.aborted) {
      return decodeError(error.message, error.data)
    }
    return this.#gone.signal.aborted ? controlLost(error) : requestError(error)
  }

  #on<Name extends PeerEventName>(event: Name, listener: (value: PeerEvents[Name]) => void): Unsubscribe {
    const unsubscribe = this.#events.on(event, listener)
    this.#count(event, 1)
    let active = true
    return () => {
      if (active) this.#count(event, -1)
      active = false
      unsubscribe()
    }
  }

  #count(event: PeerEventName, change: 1 | -1): void {
    const before = this.#listeners.get(event) ?? 0
    this.#listeners.set(event, before + change)
    const wanted = before + change > 0
    if (wanted === before > 0 || this.#gone.signal.aborted) return
    this.#connection.sendNotification(SUBSCRIBE, ParameterStructures.byPosition, event, wanted).catch(() => {
      // Only a closed connection refuses to send, and `lost` tells of that.
      this.close()
    })
  }

  #receive(parameters: unknown[], log: Logger): void {
    const result = v.safeParse(eventSchema, parameters)
    if (!result.success) {
      log.warn('The owner of the data folder sent an event of an unknown kind. Reload every window.')
      return
    }
    const [event, value] = result.output
    // The owner runs the same version of this code, which the hello made sure of.
    this.#events.emit(event, value as PeerEvents[typeof event])
  }

  #onClose(): void {
    this.#gone.abort()
    this.#connection.dispose()
  }
}

/** A socket may close before anybody could listen for it. */
async function whenClosed(socket: Duplex): Promise<void> {
  if (!socket.closed) await new Promise(resolve => socket.once('close', resolve))
}

function controlLost(cause?: unknown): PeerError {
  return new PeerError(
    'CONTROL_LOST',
    'The window that ran the peer was closed before it answered. Try again.',
    { cause }
  )
}

/** A deadline of ours is the owner's fault; everything else keeps its code. */
function requestError(error: unknown): PeerError {
  if (!(error instanceof Error) || error.name !== 'TimeoutError') return toPeerError(error)
  return new PeerError(
    'TIMEOUT',
    'The window or process that runs the peer does not answer. Close it, and this one takes over.',
    { cause: error }
  )
}

/** Turns a signal into a promise that rejects with the matching error. */
function endOf(signal: AbortSignal, gone: AbortSignal): { rejection: Promise<never>; dispose: () => void } {
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(gone.aborted ? controlLost() : signal.reason)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort)
  // Whoever awaits it hears of the failure; it may come before anybody does.
  promise.catch(() => undefined)
  return { rejection: promise, dispose: () => signal.removeEventListener('abort', onAbort) }
}
