import { once } from 'node:events'
import { statSync, unlinkSync } from 'node:fs'
import { chmod, mkdir, readdir, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { PeerError, systemErrorCode } from '../errors.ts'
import { storageError } from '../library/atomic-file.ts'
import { controlPipeName, withSocketPath } from './control-path.ts'
import { connectLocal } from './local-socket.ts'

const SELF_TEST_DEADLINE = 2000

/** The right to run the peer of a data folder: a listening socket that the kernel closes when the process ends. */
export interface ControlLock {
  /** Hands over connections, those included that came before this call. To be called once. */
  onConnection(listener: (socket: Socket) => void): void
  /** Gives the right up. The next taker may win at once. */
  release(): Promise<void>
}

export type ControlClaim = { role: 'owner'; lock: ControlLock } | { role: 'client'; socket: Socket }

/**
 * One try to become the owner of a data folder, or else its owner's client. Undefined when there is no owner and this process
 * may not or could not become it: another one takes it at this moment, so try again.
 *
 * `control/` holds numbered sockets. A taker first connects to each of them; when none lives it binds the next number, listens,
 * and then looks at every other socket again. Of two takers that overlap at least one sees the other alive and steps back: each
 * listens before it looks. A stale socket is never replaced in place, so nobody can unlink a living one, and a taker whose own
 * socket was swept as stale before it listened finds it gone and steps back.
 * @throws PeerError DATA_FOLDER_BUSY, FOLDER_UNWRITABLE
 */
export async function claimControl(dataFolder: string, mayOwn: boolean): Promise<ControlClaim | undefined> {
  if (process.platform === 'win32') return await claimPipe(await controlPipeName(dataFolder), mayOwn)
  return await claimSocket(join(dataFolder, 'control'), mayOwn)
}

async function claimSocket(folder: string, mayOwn: boolean): Promise<ControlClaim | undefined> {
  if (mayOwn) await makeControlFolder(folder)
  const numbers = await listNumbers(folder)
  const socket = await connectToAny(folder, numbers)
  if (socket) return { role: 'client', socket }
  if (!mayOwn) return undefined
  const lock = await takeNumber(folder, Math.max(0, ...numbers) + 1)
  return lock && { role: 'owner', lock }
}

async function takeNumber(folder: string, number: number): Promise<ControlLock | undefined> {
  const lock = await SocketLock.listenIn(folder, String(number))
  if (!lock) return undefined
  const others = (await listNumbers(folder)).filter(other => other !== number)
  const living = await connectToAny(folder, others)
  living?.destroy()
  if (living || !(await lock.isInPlace())) {
    await lock.release()
    return undefined
  }
  for (const other of others) await rm(join(folder, String(other)), { force: true })
  return lock
}

/** Windows gives a pipe's first instance to one process only, and takes it back when that ends. */
async function claimPipe(name: string, mayOwn: boolean): Promise<ControlClaim | undefined> {
  const socket = await connectLocal(name)
  if (socket) return { role: 'client', socket }
  if (!mayOwn) return undefined
  const lock = new LocalLock()
  return (await lock.listen(name)) ? { role: 'owner', lock } : undefined
}

async function makeControlFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await chmod(folder, 0o700)
  } catch (error) {
    throw storageError(error, folder)
  }
}

async function listNumbers(folder: string): Promise<number[]> {
  try {
    const names = await readdir(folder)
    return names.filter(name => /^\d{1,15}$/.test(name)).map(Number)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    throw storageError(error, folder)
  }
}

async function connectToAny(folder: string, numbers: readonly number[]): Promise<Socket | undefined> {
  for (const number of numbers.toSorted((a, b) => b - a)) {
    const socket = await withSocketPath(folder, String(number), connectLocal)
    if (socket) return socket
  }
  return undefined
}

/** A listening socket or pipe. Connections wait until somebody serves them. */
class LocalLock implements ControlLock {
  readonly #server = createServer({ pauseOnConnect: true })
  readonly #waiting = new Set<Socket>()
  #listener = (socket: Socket): void => {
    this.#waiting.add(socket)
  }

  constructor() {
    this.#server.on('connection', socket => {
      socket.on('error', () => socket.destroy())
      this.#listener(socket)
    })
  }

  /** Gives false when the address is taken. `onBound` is called in the tick in which the address was bound. */
  async listen(address: string, onBound?: () => void): Promise<boolean> {
    const listening = once(this.#server, 'listening')
    this.#server.listen(address)
    onBound?.()
    try {
      await listening
      return true
    } catch (error) {
      if (systemErrorCode(error) === 'EADDRINUSE') return false
      throw new PeerError(
        'FOLDER_UNWRITABLE',
        `The data folder cannot hold a local socket (${systemErrorCode(error) ?? String(error)}). Choose a data folder on a local disk.`,
        { cause: error }
      )
    }
  }

  /** Whether a connection to `address` arrives here. */
  async answersAt(address: string): Promise<boolean> {
    const arrival = once(this.#server, 'connection', { signal: AbortSignal.timeout(SELF_TEST_DEADLINE) })
    const arrived = arrival.then(
      () => true,
      () => false
    )
    const socket = await connectLocal(address)
    socket?.destroy()
    return socket !== undefined && (await arrived)
  }

  onConnection(listener: (socket: Socket) => void): void {
    this.#listener = listener
    for (const socket of this.#waiting) listener(socket)
    this.#waiting.clear()
  }

  async release(): Promise<void> {
    this.onConnection(socket => socket.destroy())
    await new Promise<void>(resolve => this.#server.close(() => resolve()))
  }
}

/** A lock whose socket has a path in the file system, which another process may have swept. */
class SocketLock extends LocalLock {
  readonly #folder: string
  readonly #name: string
  readonly #detour: boolean
  #inode: bigint | undefined

  private constructor(folder: string, name: string, detour: boolean) {
    super()
    this.#folder = folder
    this.#name = name
    this.#detour = detour
  }

  /** Undefined when the name is taken. */
  static async listenIn(folder: string, name: string): Promise<SocketLock | undefined> {
    return await withSocketPath(folder, name, async (address, detour) => {
      const lock = new SocketLock(folder, name, detour)
      return (await lock.listen(address, () => lock.#noteInode())) ? lock : undefined
    })
  }

  /** Whether the path still leads to this very socket. Its inode number cannot be given to another while it is bound. */
  async isInPlace(): Promise<boolean> {
    const answers = await withSocketPath(this.#folder, this.#name, address => this.answersAt(address))
    return answers && this.#inode !== undefined && this.#readInode() === this.#inode
  }

  override async release(): Promise<void> {
    // Closing unlinks the path that was bound, in the same tick. Unlinking it a second time could hit the next owner's.
    if (this.#detour && this.#readInode() === this.#inode) unlinkSync(join(this.#folder, this.#name))
    await super.release()
  }

  #noteInode(): void {
    this.#inode = this.#readInode()
  }

  #readInode(): bigint | undefined {
    return statSync(join(this.#folder, this.#name), { bigint: true, throwIfNoEntry: false })?.ino
  }
}
