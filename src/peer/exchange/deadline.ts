import type { Clock } from '../clock.ts'
import { PeerError } from '../errors.ts'

/**
 * Runs `perform` with a signal that fires after `milliseconds` of `clock`, or with `signal`.
 * It leaves no listener behind on `signal`, which may live as long as the peer.
 * @throws PeerError TIMEOUT as the signal's reason; whatever `perform` throws
 */
export async function withDeadline<Result>(
  clock: Clock,
  milliseconds: number,
  signal: AbortSignal,
  perform: (signal: AbortSignal) => Promise<Result>
): Promise<Result> {
  signal.throwIfAborted()
  const controller = new AbortController()
  const forward = (): void => controller.abort(signal.reason)
  signal.addEventListener('abort', forward, { once: true })
  const cancel = clock.after(milliseconds, () => controller.abort(timedOut()))
  try {
    return await perform(controller.signal)
  } finally {
    cancel()
    signal.removeEventListener('abort', forward)
  }
}

/** TIMEOUT, for a peer that took longer than the protocol allows. */
export function timedOut(): PeerError {
  return new PeerError('TIMEOUT', 'A peer did not answer in time. Try again, or another peer.')
}

/** `promise`, or the signal's reason as soon as it is aborted; what `promise` does then is no longer waited for. */
export function abortable<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
