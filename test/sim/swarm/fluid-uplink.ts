import type { CancelTimer, Clock } from '../../../src/peer/clock.ts'

/** Bytes of one flow that may be on their way and not yet delivered: about what TCP's window grows to. */
const WINDOW_BYTES = 1024 * 1024

interface Queued {
  bytes: number
  onSent: () => void
}

/** What one stream has to send through an uplink, in order. */
export class Flow {
  readonly queue: Queued[] = []
  /** Where the virtual time of the uplink will be when the first message is out; undefined while it is not being sent. */
  finishAt: number | undefined
  /** Bytes that are not out yet. */
  queuedBytes = 0
  /** Bytes that are out and not delivered yet. */
  unacknowledgedBytes = 0
  /** When the last of them will be delivered, in milliseconds: nothing overtakes within a stream. */
  deliveredAt = 0

  get isIdle(): boolean {
    return this.queue.length === 0
  }

  get isReady(): boolean {
    return this.queue.length > 0 && this.unacknowledgedBytes < WINDOW_BYTES
  }
}

/**
 * An uplink that its flows share evenly at every moment, as TCP connections do in the long run (generalised processor sharing,
 * computed with virtual time: Parekh and Gallager 1993).
 */
export class FluidUplink {
  /** Bytes per second. */
  #rate: number
  readonly #clock: Clock
  readonly #active = new Set<Flow>()
  #virtualTime = 0
  #updatedAt = 0
  #cancelTimer: CancelTimer | undefined

  constructor(rate: number, clock: Clock) {
    this.#rate = rate
    this.#clock = clock
  }

  set rate(rate: number) {
    this.#advance()
    this.#rate = rate
    this.#schedule()
  }

  /** Sends so many bytes after those that the flow has to send already. */
  send(flow: Flow, bytes: number, onSent: () => void): void {
    flow.queue.push({ bytes, onSent })
    flow.queuedBytes += bytes
    this.#wake(flow)
  }

  /** To be called when bytes of a flow have been delivered. */
  delivered(flow: Flow, bytes: number): void {
    flow.unacknowledgedBytes -= bytes
    this.#wake(flow)
  }

  /** Drops what a flow still has to send. */
  stop(flow: Flow): void {
    flow.queue.length = 0
    flow.queuedBytes = 0
    if (!this.#active.has(flow)) return
    this.#advance()
    this.#deactivate(flow)
    this.#schedule()
  }

  #wake(flow: Flow): void {
    if (this.#active.has(flow) || !flow.isReady) return
    this.#advance()
    this.#active.add(flow)
    this.#begin(flow)
    this.#schedule()
  }

  #begin(flow: Flow): void {
    flow.finishAt = this.#virtualTime + (flow.queue[0]?.bytes ?? 0)
  }

  #deactivate(flow: Flow): void {
    this.#active.delete(flow)
    flow.finishAt = undefined
  }

  #advance(): void {
    const now = this.#clock.monotonic()
    if (this.#active.size > 0)
      this.#virtualTime += ((now - this.#updatedAt) * this.#rate) / 1000 / this.#active.size
    this.#updatedAt = now
  }

  #schedule(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (this.#active.size === 0) return
    const left = Math.max(0, this.#nextFinish() - this.#virtualTime)
    this.#cancelTimer = this.#clock.after((left * this.#active.size * 1000) / this.#rate, () => {
      this.#cancelTimer = undefined
      this.#finishDue()
    })
  }

  #nextFinish(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { finishAt = next } of this.#active) if (finishAt < next) next = finishAt
    return next
  }

  #finishDue(): void {
    this.#advance()
    // The timer came for the nearest one, whatever rounding says.
    this.#virtualTime = Math.max(this.#virtualTime, this.#nextFinish())
    const due = [...this.#active].filter(({ finishAt }) => (finishAt ?? 0) <= this.#virtualTime)
    for (const flow of due) this.#finish(flow)
    this.#schedule()
  }

  #finish(flow: Flow): void {
    const sent = flow.queue.shift()
    if (!sent) return
    flow.queuedBytes -= sent.bytes
    flow.unacknowledgedBytes += sent.bytes
    if (flow.isReady) this.#begin(flow)
    else this.#deactivate(flow)
    sent.onSent()
  }
}
