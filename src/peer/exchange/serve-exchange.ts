import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { CHUNK_PROTOCOL } from './chunk-messages.ts'
import type { ChunkServer } from './chunk-server.ts'
import type { ConnectionPool } from './connection-pool.ts'
import { KEY_PROTOCOL } from './key-exchange.ts'
import type { KeyServer } from './key-server.ts'

/** Inbound streams of one protocol on one connection; libp2p's default is 32. */
const MAX_STREAMS = 100

/** Answers `/chordcast/chunk/1` and `/chordcast/key/1` on a node. */
export async function serveExchange(
  libp2p: Pick<Libp2p, 'handle'>,
  servers: { chunks: ChunkServer; keys: KeyServer; pool: ConnectionPool }
): Promise<void> {
  const { chunks, keys, pool } = servers
  const options = { maxInboundStreams: MAX_STREAMS, maxOutboundStreams: MAX_STREAMS }
  const serve = (server: ChunkServer | KeyServer) => async (stream: Stream, connection: Connection) => {
    const peerId = connection.remotePeer.toString()
    await server.handle(stream, peerId)
    pool.touch(peerId)
  }
  await libp2p.handle(CHUNK_PROTOCOL, serve(chunks), options)
  await libp2p.handle(KEY_PROTOCOL, serve(keys), { ...options, runOnLimitedConnection: true })
}

/** Ends all streams and takes both protocols off the node. */
export async function stopExchange(
  libp2p: Pick<Libp2p, 'unhandle'>,
  servers: { chunks: ChunkServer; keys: KeyServer }
): Promise<void> {
  servers.chunks.stop()
  servers.keys.stop()
  await libp2p.unhandle([CHUNK_PROTOCOL, KEY_PROTOCOL])
}
