import type { Duplex } from 'node:stream'
import * as v from 'valibot'
import {
  type CancellationToken,
  createMessageConnection,
  ErrorCodes,
  type MessageConnection,
  ParameterStructures,
  ResponseError
} from 'vscode-jsonrpc/node'
import type { PeerApi, PeerEventName } from '../api.ts'
import { PeerError } from '../errors.ts'
import type { Unsubscribe } from '../event-emitter.ts'
import type { Logger } from '../log.ts'
import {
  CONTROL_VERSION,
  EVENT,
  encodeError,
  HELLO,
  helloSchema,
  isPeerMethod,
  type PeerMethod,
  parseArguments,
  SUBSCRIBE,
  subscriptionSchema
} from './control-protocol.ts'
import { callPeer } from './forward-peer.ts'
import { BoundedMessageReader, BoundedMessageWriter } from './message-stream.ts'

/** What one client of the control socket may use. */
export interface ControlLimits {
  /** Largest message accepted from a client, in bytes. */
  messageBytes: number
  /** Bytes that may wait for a client that reads slowly, before it is dropped. */
  backlogBytes: number
  /** Requests of one client at a time. */
  requests: number
  /** Milliseconds within which a client says hello. */
  helloDeadline: number
}

/** The owner's side of one client's connection. */
export class ControlConnection {
  readonly #socket: Duplex
  readonly #api: Promise<PeerApi>
  readonly #log: Logger
  readonly #limits: ControlLimits
  readonly #connection: MessageConnection
  readonly #subscriptions = new Map<PeerEventName, Promise<Unsubscribe>>()
  readonly #requests = new Set<AbortController>()
  readonly #silence: NodeJS.Timeout
  #greeted = false
  #heir = false

  constructor(socket: Duplex, api: Promise<PeerApi>, log: Logger, limits: ControlLimits) {
    this.#socket = socket
    this.#api = api
    this.#log = log
    this.#limits = limits
    this.#connection = createMessageConnection(
      new BoundedMessageReader(socket, limits.messageBytes),
      new BoundedMessageWriter(socket, limits.backlogBytes),
      { error: log.debug, warn: log.debug, info: log.debug, log: log.debug }
    )
    this.#connection.onError(([error]) => log.debug(`A client of the control socket: ${error.message}`))
    this.#connection.onRequest((method, parameters, token) => this.#onRequest(method, parameters, token))
    this.#connection.onNotification(SUBSCRIBE, (...parameters: unknown[]) => this.#onSubscribe(parameters))
    this.#silence = setTimeout(() => this.close(), limits.helloDeadline)
    socket.once('close', () => this.#onClose())
    this.#connection.listen()
  }

  /** Whether this client takes the peer over when its owner goes. */
  get isHeir(): boolean {
    return this.#heir
  }

  close(): void {
    this.#socket.destroy()
  }

  async #onRequest(
    method: string,
    parameters: unknown,
    token: CancellationToken
  ): Promise<unknown | ResponseError<unknown>> {
    try {
      if (method === HELLO) return this.#onHello(parameters)
      if (!this.#greeted) throw new PeerError('PROTOCOL_VIOLATION', 'Say hello first.')
      if (!isPeerMethod(method)) throw new PeerError('NOT_SUPPORTED', `The peer has no method ${method}.`)
      return await this.#call(method, parameters, token)
    } catch (error) {
      const { message, data } = encodeError(error)
      return new ResponseError(ErrorCodes.UnknownErrorCode, message, data)
    }
  }

  #onHello(parameters: unknown): unknown {
    const [hello] = v.parse(v.tuple([helloSchema]), parameters)
    if (hello.version !== CONTROL_VERSION) {
      throw new PeerError(
        'UPGRADE_NEEDED',
        'Another version of Chordcast runs the peer of this data folder. Update it, and reload every window.'
      )
    }
    this.#greeted = true
    this.#heir = hello.heir
    clearTimeout(this.#silence)
    return { version: CONTROL_VERSION }
  }

  async #call(method: PeerMethod, parameters: unknown, token: CancellationToken): Promise<unknown> {
    if (this.#requests.size >= this.#limits.requests) {
      throw new PeerError('BUSY', 'Too many requests at a time. Wait for some to finish.')
    }
    const abort = new AbortController()
    const values = parseArguments(method, parameters, abort.signal)
    const cancelled = token.onCancellationRequested(() => abort.abort())
    this.#requests.add(abort)
    try {
      return await callPeer(await this.#api, method, values)
    } finally {
      this.#requests.delete(abort)
      cancelled.dispose()
    }
  }

  #onSubscribe(parameters: unknown[]): void {
    const result = v.safeParse(subscriptionSchema, parameters)
    if (!this.#greeted || !result.success) {
      this.#log.debug('A client of the control socket asked for an unknown event and is dropped.')
      this.close()
      return
    }
    const [event, wanted] = result.output
    if (wanted) this.#subscribe(event)
    else this.#unsubscribe(event)
  }

  #subscribe(event: PeerEventName): void {
    if (this.#subscriptions.has(event)) return
    const subscription = this.#api.then(api => api.on(event, value => this.#send(event, value)))
    this.#subscriptions.set(event, subscription)
    subscription.catch((error: unknown) => this.#log.debug(`No ${event} events: ${String(error)}`))
  }

  #unsubscribe(event: PeerEventName): void {
    const subscription = this.#subscriptions.get(event)
    this.#subscriptions.delete(event)
    subscription?.then(unsubscribe => unsubscribe()).catch(() => this.#log.trace(`${event} never began`))
  }

  #send(event: PeerEventName, value: unknown): void {
    if (this.#socket.destroyed) return
    this.#connection
      .sendNotification(EVENT, ParameterStructures.byPosition, event, value)
      .catch((error: unknown) => this.#log.debug(`A ${event} event was not sent: ${String(error)}`))
  }

  #onClose(): void {
    clearTimeout(this.#silence)
    this.#heir = false
    for (const event of [...this.#subscriptions.keys()]) this.#unsubscribe(event)
    for (const request of this.#requests) request.abort()
    this.#connection.dispose()
  }
}
