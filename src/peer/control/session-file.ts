import { join } from 'node:path'
import * as v from 'valibot'
import type { PeerApi } from '../api.ts'
import { readFileIfPresent, writeFileAtomically } from '../library/atomic-file.ts'
import { callPeer, forwardPeer } from './forward-peer.ts'

/** What the next owner of the data folder has to know of the present one's membership. */
export interface Session {
  /** Whether the peer is to be in the ring: true from `join` to `leave`, and after a crash in between. */
  joined: boolean
  /** The bootstrap addresses of the last `join`. */
  bootstrap: string[]
}

const sessionSchema = v.object({ joined: v.boolean(), bootstrap: v.array(v.string()) })

/** `session.json` of a data folder. Only the owner of the folder writes it. */
export class SessionFile {
  readonly #path: string
  #session: Session

  private constructor(path: string, session: Session) {
    this.#path = path
    this.#session = session
  }

  /** A missing or damaged file means: not joined. */
  static async load(dataFolder: string): Promise<SessionFile> {
    const path = join(dataFolder, 'session.json')
    const bytes = await readFileIfPresent(path)
    return new SessionFile(path, parseSession(bytes) ?? { joined: false, bootstrap: [] })
  }

  get session(): Session {
    return this.#session
  }

  /** Resolves once durable. */
  async save(session: Session): Promise<void> {
    this.#session = session
    await writeFileAtomically(this.#path, Buffer.from(`${JSON.stringify(session)}\n`))
  }
}

/** The same peer, whose joins and leaves are written down for the next owner. */
export function recordSession(api: PeerApi, file: SessionFile): PeerApi {
  const join: PeerApi['join'] = async (bootstrap, signal) => {
    const before = file.session
    await file.save({ joined: true, bootstrap: [...bootstrap] })
    try {
      return await api.join(bootstrap, signal)
    } catch (error) {
      await file.save(before)
      throw error
    }
  }
  const leave: PeerApi['leave'] = async () => {
    await file.save({ ...file.session, joined: false })
    await api.leave()
  }
  const recorded = forwardPeer(
    (method, values) => callPeer(api, method, values),
    (event, listener) => api.on(event, listener)
  )
  return { ...recorded, join, leave }
}

function parseSession(bytes: Uint8Array | undefined): Session | undefined {
  if (!bytes) return undefined
  try {
    return v.parse(sessionSchema, JSON.parse(Buffer.from(bytes).toString('utf8')))
  } catch {
    // Worth nothing but a rejoin: the user joins again.
    return undefined
  }
}
