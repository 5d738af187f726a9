import { connect, type Socket } from 'node:net'
import { PeerError, systemErrorCode } from '../errors.ts'

const CONNECT_DEADLINE = 3000
/** What connecting says when no process listens there. */
const NOBODY = new Set(['ECONNREFUSED', 'ENOENT', 'ENOTSOCK'])

/**
 * Connects to a local socket or named pipe; undefined when nobody listens there.
 * @throws PeerError DATA_FOLDER_BUSY when somebody listens but cannot be reached
 */
export async function connectLocal(path: string): Promise<Socket | undefined> {
  const socket = connect(path)
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.once('connect', resolve)
      socket.setTimeout(CONNECT_DEADLINE, () => reject(new Error('no answer')))
    })
    socket.setTimeout(0)
    return socket
  } catch (error) {
    socket.destroy()
    if (NOBODY.has(systemErrorCode(error) ?? '')) return undefined
    throw new PeerError(
      'DATA_FOLDER_BUSY',
      `Another process runs the peer of this data folder but cannot be reached (${systemErrorCode(error) ?? 'no answer'}). Close it and try again.`,
      { cause: error }
    )
  }
}
