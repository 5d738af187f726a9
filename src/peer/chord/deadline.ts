import type { Clock } from '../clock.ts'
import { PeerError } from '../errors.ts'

/** A signal that aborts after a time, or with another signal. `release` must be called, or the timer stays. */
export interface Deadline {
  signal: AbortSignal
  release(): void
}

/** Makes a deadline on an injected clock: `AbortSignal.timeout` knows real time only. The reason is a PeerError TIMEOUT. */
export function deadline(clock: Clock, milliseconds: number, parent?: AbortSignal): Deadline {
  const controller = new AbortController()
  const onAbort = (): void => controller.abort(parent?.reason)
  const cancel = clock.after(milliseconds, () => {
    controller.abort(new PeerError('TIMEOUT', 'Another peer did not answer in time. Try again.'))
  })
  if (parent?.aborted) onAbort()
  parent?.addEventListener('abort', onAbort, { once: true })
  return {
    signal: controller.signal,
    release: () => {
      cancel()
      parent?.removeEventListener('abort', onAbort)
    }
  }
}
