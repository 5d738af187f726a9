import { PeerError } from '../../../src/peer/errors.ts'
import type { MessageChannel } from '../../../src/peer/wire/frame-channel.ts'
import type { Message } from '../../../src/peer/wire/frame-codec.ts'
import { Flow } from './fluid-uplink.ts'

/** Bytes that may wait to be sent before whoever sends has to wait: about what a socket buffers. */
const SEND_BUFFER_BYTES = 128 * 1024

/** Carries messages from one end of a channel to the other. */
export interface Wire {
  send(flow: Flow, message: Message, onSent: () => void, onDelivered: () => void): void
  stop(flow: Flow): void
  /** Runs `callback` at the other end one latency later, unless this end has been cut off without a word. */
  signal(callback: () => void): void
}

interface Waiter<Value> {
  resolve(value: Value): void
  reject(error: unknown): void
}

/** One end of a stream over the simulated network: what `FrameChannel` is over libp2p. */
export class SimulatedChannel implements MessageChannel {
  readonly #wire: Wire
  readonly #flow = new Flow()
  readonly #inbox: Message[] = []
  readonly #drainWaiters = new Set<Waiter<void>>()
  #remote: SimulatedChannel | undefined
  #receiver: Waiter<Message | undefined> | undefined
  #failure: Error | undefined
  #isClosedHere = false
  #isClosedThere = false

  constructor(wire: Wire) {
    this.#wire = wire
  }

  /** Two ends of one stream. */
  static pair(near: Wire, far: Wire): [SimulatedChannel, SimulatedChannel] {
    const ends: [SimulatedChannel, SimulatedChannel] = [new SimulatedChannel(near), new SimulatedChannel(far)]
    ends[0].#remote = ends[1]
    ends[1].#remote = ends[0]
    return ends
  }

  get closed(): boolean {
    return this.#isClosedHere || this.#failure !== undefined
  }

  /** Whether neither end will say anything more. */
  get isOver(): boolean {
    return this.#failure !== undefined || (this.#isClosedHere && this.#isClosedThere)
  }

  async send(message: Message, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (!this.post(message)) await this.drained(signal)
  }

  post(message: Message): boolean {
    if (this.#failure) throw this.#failure
    if (this.closed) throw connectionLost()
    this.#wire.send(
      this.#flow,
      message,
      () => this.#onSent(),
      () => this.#remote?.deliver(message)
    )
    return this.#hasRoom
  }

  drained(signal: AbortSignal): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure)
    if (this.#hasRoom) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const waiter = abortableWaiter(signal, { resolve, reject }, () => this.#drainWaiters.delete(waiter))
      this.#drainWaiters.add(waiter)
    })
  }

  receive(signal: AbortSignal): Promise<Message | undefined> {
    if (signal.aborted) return Promise.reject(signal.reason)
    const message = this.#inbox.shift()
    if (message) return Promise.resolve(message)
    if (this.#failure) return Promise.reject(this.#failure)
    if (this.#isClosedThere) return Promise.resolve(undefined)
    return new Promise((resolve, reject) => {
      this.#receiver = abortableWaiter(signal, { resolve, reject }, () => {
        this.#receiver = undefined
      })
    })
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.#isClosedHere = true
    if (this.#flow.queuedBytes === 0) this.#sayClosed()
  }

  abort(error: Error): void {
    if (this.#failure) return
    this.fail(error)
    this.#wire.signal(() => this.#remote?.fail(connectionLost(error)))
  }

  /** Takes in what the other end has sent. */
  deliver(message: Message): void {
    if (this.#failure) return
    const receiver = this.#receiver
    if (receiver) receiver.resolve(message)
    else this.#inbox.push(message)
  }

  /** Breaks this end. */
  fail(error: Error): void {
    if (this.#failure) return
    this.#failure = error
    this.#wire.stop(this.#flow)
    this.#receiver?.reject(error)
    for (const waiter of [...this.#drainWaiters]) waiter.reject(error)
  }

  get #hasRoom(): boolean {
    return this.#flow.queuedBytes < SEND_BUFFER_BYTES
  }

  #onSent(): void {
    if (this.#hasRoom) for (const waiter of [...this.#drainWaiters]) waiter.resolve()
    if (this.#isClosedHere && this.#flow.queuedBytes === 0) this.#sayClosed()
  }

  #sayClosed(): void {
    this.#wire.signal(() => this.#remote?.endInOrder())
  }

  /** The other end has said all that it will. */
  endInOrder(): void {
    this.#isClosedThere = true
    if (this.#inbox.length === 0) this.#receiver?.resolve(undefined)
  }
}

/** A waiter that leaves nothing behind on `signal`, and tells when it is done. */
function abortableWaiter<Value>(
  signal: AbortSignal,
  { resolve, reject }: Waiter<Value>,
  onDone: () => void
): Waiter<Value> {
  const finish = (perform: () => void): void => {
    signal.removeEventListener('abort', onAbort)
    onDone()
    perform()
  }
  const onAbort = (): void => finish(() => reject(signal.reason))
  signal.addEventListener('abort', onAbort, { once: true })
  return {
    resolve: value => finish(() => resolve(value)),
    reject: error => finish(() => reject(error))
  }
}

function connectionLost(cause?: unknown): PeerError {
  return new PeerError('PEER_UNREACHABLE', 'The connection to a peer broke.', { cause })
}
