/** What can go wrong, as programs see it. People see the message, which names the next step. */
export type PeerErrorCode =
  // what the user gave us
  | 'ID_INVALID'
  | 'LINK_INVALID'
  | 'BOOTSTRAP_INVALID'
  | 'FILE_MISSING'
  | 'FILE_EMPTY'
  | 'FILE_TOO_LARGE'
  | 'FILE_NOT_REGULAR'
  | 'FILE_UNREADABLE'
  | 'FILE_CHANGED'
  | 'FILE_EXISTS'
  | 'FOLDER_UNWRITABLE'
  | 'DISK_FULL'
  | 'NOT_SUPPORTED'
  | 'VIDEO_UNKNOWN'
  | 'VIDEO_UNSHARED'
  | 'VERIFY_MISMATCH'
  // this peer and its data folder
  | 'NOT_JOINED'
  | 'PORT_IN_USE'
  | 'HOST_UNAVAILABLE'
  | 'DATA_FOLDER_NEWER'
  | 'DATA_FOLDER_BUSY'
  | 'KEYSTORE_FOREIGN'
  | 'KEYSTORE_DAMAGED'
  | 'CONTROL_LOST'
  // the network
  | 'BOOTSTRAP_UNREACHABLE'
  | 'NO_HOLDERS'
  | 'PEER_UNREACHABLE'
  | 'TIMEOUT'
  | 'ABORTED'
  | 'BUSY'
  // what a peer sent
  | 'FRAME_TOO_LARGE'
  | 'FRAME_INVALID'
  | 'FRAME_TRUNCATED'
  | 'PROTOCOL_VIOLATION'
  | 'UPGRADE_NEEDED'
  | 'PROOF_INVALID'
  | 'SIGNATURE_INVALID'
  | 'MANIFEST_INVALID'
  | 'LEAVES_INVALID'
  | 'CHUNK_INVALID'
  | 'CHUNK_UNAVAILABLE'
  | 'RECORD_INVALID'
  | 'KEY_DENIED'
  | 'GRANT_INVALID'
  | 'INTERNAL'

/**
 * The one error type of the engine: a code for programs, a sentence with the next step for people.
 * `cause` keeps the original for the log.
 */
export class PeerError extends Error {
  override readonly name = 'PeerError'
  readonly code: PeerErrorCode

  constructor(code: PeerErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** Turns anything thrown into a `PeerError`; what is not one already is INTERNAL, or ABORTED for an abort. */
export function toPeerError(error: unknown): PeerError {
  if (error instanceof PeerError) return error
  if (!(error instanceof Error)) return new PeerError('INTERNAL', String(error))
  if (error.name === 'TimeoutError') {
    return new PeerError('TIMEOUT', 'The other side did not answer in time. Try again.', { cause: error })
  }
  if (error.name === 'AbortError') return new PeerError('ABORTED', 'Cancelled.', { cause: error })
  return new PeerError('INTERNAL', error.message, { cause: error })
}

/** The `code` of a Node.js system error (`ENOENT`, `ENOSPC`, …), if it is one. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
