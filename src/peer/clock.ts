/** Cancels what a timer would have done. Calling it again is harmless. */
export type CancelTimer = () => void

/**
 * Time as the engine sees it, injected so that a simulation can run on virtual time.
 * All values are milliseconds.
 */
export interface Clock {
  /** Wall-clock time since the Unix epoch; may jump. Only for times that are signed or shown. */
  now(): number
  /** Never goes back. For lifetimes, deadlines and rates. */
  monotonic(): number
  /** Runs `callback` once after `delay`. The timer never keeps the process alive. */
  after(delay: number, callback: () => void): CancelTimer
}

/** The real clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delay, callback) => {
    const timer = setTimeout(callback, delay)
    timer.unref()
    return () => clearTimeout(timer)
  }
}

/** Resolves after `delay` milliseconds of `clock`; rejects with the signal's reason when aborted. */
export function sleep(clock: Clock, delay: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const onAbort = (): void => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = clock.after(delay, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
