import type { CancelTimer, Clock } from '../../../src/peer/clock.ts'

interface Timer {
  at: number
  order: number
  callback: (() => void) | undefined
}

const WAITS_PER_IMMEDIATE = 1000

/** Cancelled timers that wait with the others before they are dropped. */
const MAX_CANCELLED = 4096

/** Time that moves only when told to. Timers run in the order of their times, then of their making. */
export class VirtualClock implements Clock {
  readonly #heap: Timer[] = []
  readonly #epoch: number
  #time = 0
  #made = 0
  #cancelled = 0

  constructor(epoch = Date.UTC(2026, 0, 1)) {
    this.#epoch = epoch
  }

  now(): number {
    return this.#epoch + this.#time
  }

  monotonic(): number {
    return this.#time
  }

  after(delay: number, callback: () => void): CancelTimer {
    const timer: Timer = { at: this.#time + Math.max(0, delay), order: this.#made++, callback }
    this.#push(timer)
    return () => {
      if (!timer.callback) return
      timer.callback = undefined
      if (++this.#cancelled > MAX_CANCELLED) this.#dropCancelled()
    }
  }

  /** Drops all timers that wait: whatever is done from time to time is done no more. */
  forgetTimers(): void {
    this.#heap.length = 0
  }

  /** Runs everything that falls due within `milliseconds`; `onStep` after each instant at which something happened. */
  async run(milliseconds: number, onStep: () => void = () => undefined): Promise<void> {
    const end = this.#time + milliseconds
    await settled()
    for (let next = this.#heap[0]; next && next.at <= end; next = this.#heap[0]) {
      this.#time = Math.max(this.#time, next.at)
      if (this.#runInstant(this.#time)) {
        await settled()
        onStep()
      }
    }
    this.#time = end
  }

  /** Runs until `promise` settles. */
  async until<T>(promise: Promise<T>, onStep?: () => void): Promise<T> {
    let isSettled = false
    const watched = promise.finally(() => {
      isSettled = true
    })
    watched.catch(() => undefined)
    await settled()
    while (!isSettled) await this.run(5, onStep)
    return await watched
  }

  /** Most deadlines never fall due: left until then, they would be most of the heap. A sorted list is a heap. */
  #dropCancelled(): void {
    const waiting = this.#heap.filter(({ callback }) => callback !== undefined)
    waiting.sort((a, b) => a.at - b.at || a.order - b.order)
    this.#heap.splice(0, this.#heap.length, ...waiting)
    this.#cancelled = 0
  }

  #runInstant(at: number): boolean {
    let ran = false
    for (let timer = this.#heap[0]; timer && timer.at <= at; timer = this.#heap[0]) {
      this.#pop()
      if (!timer.callback) {
        this.#cancelled--
        continue
      }
      const callback = timer.callback
      timer.callback = undefined
      callback()
      ran = true
    }
    return ran
  }

  #push(timer: Timer): void {
    const heap = this.#heap
    let index = heap.push(timer) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (isBefore(heap[parent]!, timer)) break
      heap[index] = heap[parent]!
      index = parent
    }
    heap[index] = timer
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (isBefore(last, heap[child]!)) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = last
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

let waits = 0

/**
 * Resolves once all promises that are ready have run: nothing in the simulated peers waits for real events, and a tick that is
 * asked for within a microtask comes when no microtask is left. (Asked for elsewhere, it would come before them.) Now and then
 * it lets real events in, so that timeouts of tests work.
 */
function settled(): Promise<void> {
  return new Promise(resolve => {
    if (++waits % WAITS_PER_IMMEDIATE === 0) setImmediate(resolve)
    else queueMicrotask(() => process.nextTick(resolve))
  })
}
