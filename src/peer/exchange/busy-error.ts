import { PeerError } from '../errors.ts'

/** BUSY, with the time after which asking the same peer again makes sense. */
export class BusyError extends PeerError {
  /** Milliseconds. */
  readonly retryAfter: number

  constructor(retryAfter: number) {
    super('BUSY', 'A peer serves as many others as it can. It is asked again later.')
    this.retryAfter = retryAfter
  }
}
