import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { MIB } from '../harness/scratch.ts'
import { STREAM_PIECE } from '../harness/stream-system.ts'
import { type RoleSystem, roleStreamSystem, roleSystem } from './role-system.ts'
import { writeTorrent } from './torrent-file.ts'

const PROGRAM = join(import.meta.dirname, 'libtorrent-process.py')
/** Debian's first: a Python of the user's own seldom has the binding. */
const PYTHONS = ['/usr/bin/python3', 'python3']

/** Larger queues and buffers than the defaults: 320 instead of 256 MB/s on loopback. */
const TUNED = {
  max_out_request_queue: 4000,
  request_queue_time: 10,
  max_allowed_in_request_queue: 8000,
  send_buffer_watermark: 8 * MIB,
  send_buffer_watermark_factor: 150,
  send_buffer_low_watermark: MIB,
  recv_socket_buffer_size: 4 * MIB,
  send_socket_buffer_size: 4 * MIB,
  max_queued_disk_bytes: 64 * MIB,
  aio_threads: 4,
  hashing_threads: 2
}
/** `pe_forced` both ways, and the full stream under RC4. */
const RC4 = { in_enc_policy: 0, out_enc_policy: 0, allowed_enc_level: 2, prefer_rc4: true }

interface LibtorrentOptions {
  name: string
  settings?: object
  pieceBytes?: number
}

/** libtorrent-rasterbar through its Python binding, over TCP, without any discovery. */
function libtorrentRole({ name, settings = {}, pieceBytes = MIB }: LibtorrentOptions): RoleSystem {
  return {
    name,
    missing: libtorrentMissing,
    command: async () => [(await pythonWithLibtorrent()) ?? 'python3', PROGRAM],
    seedTask: async (file, { folder, uploadLimit = 0 }) => ({
      torrent: await writeTorrent(file, { folder, pieceBytes }),
      folder: file.folder,
      uploadLimit,
      settings
    }),
    fetchTask: async (_file, { torrent }) => ({ torrent, settings })
  }
}

export const libtorrent = roleSystem(libtorrentRole({ name: 'libtorrent', settings: TUNED }))
export const libtorrentRc4 = roleSystem(libtorrentRole({ name: 'libtorrent, RC4', settings: RC4 }))
/** Its own settings: the large queues that help one transfer let several fetchers crowd each other out. */
export const libtorrentDefaults = roleSystem(libtorrentRole({ name: 'libtorrent' }))
export const libtorrentStream = roleStreamSystem(
  libtorrentRole({ name: 'libtorrent with deadlines', pieceBytes: STREAM_PIECE })
)

async function libtorrentMissing(): Promise<string | undefined> {
  if (await pythonWithLibtorrent()) return undefined
  return 'libtorrent is not installed (on Debian and Ubuntu: apt-get install python3-libtorrent)'
}

/** The first Python that has the binding. */
async function pythonWithLibtorrent(): Promise<string | undefined> {
  for (const python of PYTHONS) {
    const works = await promisify(execFile)(python, ['-c', 'import libtorrent']).then(
      () => true,
      () => false
    )
    if (works) return python
  }
  return undefined
}
