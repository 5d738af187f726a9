import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeyPair, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { RSAPrivateKey, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { ProviderRecord } from '../../src/peer/chord/chord.ts'
import { systemClock } from '../../src/peer/clock.ts'
import { deriveIdKeys } from '../../src/peer/content/id-keys.ts'
import { CHUNK_PROTOCOL } from '../../src/peer/exchange/chunk-messages.ts'
import { KEY_PROTOCOL, requestKey } from '../../src/peer/exchange/key-exchange.ts'
import { openChunkSession } from '../../src/peer/exchange/open-chunk-session.ts'
import type { OpenStream } from '../../src/peer/exchange/open-stream.ts'
import { TokenBucket } from '../../src/peer/exchange/token-bucket.ts'
import { silentLogger } from '../../src/peer/log.ts'
import { type Node, startNode } from '../../src/peer/node/node.ts'
import { systemRandom } from '../../src/peer/random.ts'
import type { Signer } from '../../src/peer/wire/signature.ts'
import { type CliPeer, Peers } from './cli-peer.ts'
import { writeSampleFile } from './sample-file.ts'

const DEADLINE = 20_000

function signerOf(key: RSAPrivateKey): Signer {
  return {
    algorithm: 'rsa-sha256',
    publicKey: publicKeyToProtobuf(key.publicKey),
    sign: async bytes => await key.sign(bytes)
  }
}

describe('a member that stores the records of a video, and knows its DHT key only', function () {
  this.timeout(60_000)
  let folder: string
  let peers: Peers
  let owner: CliPeer
  let stranger: Node
  let dhtKey: Uint8Array
  let record: ProviderRecord
  const heard: Buffer[] = []

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-stranger-'))
    peers = new Peers(folder)
    const source = join(folder, 'secret.webm')
    await writeSampleFile(source, 600_000)
    owner = peers.start(['share', source])
    const { id } = await owner.event('shared')
    dhtKey = deriveIdKeys(String(id)).dhtKey
    stranger = await startStranger()
    const bootstrap = multiaddr(await owner.address())
    await stranger.services.chord.join([bootstrap], { signal: AbortSignal.timeout(DEADLINE) })
    record = await findRecord()
  })

  after(async () => {
    await stranger?.stop()
    await peers.stopAll()
    await rm(folder, { recursive: true })
  })

  async function startStranger(): Promise<Node> {
    const privateKey = await generateKeyPair('RSA', 2048)
    return await startNode({
      privateKey,
      hosts: ['127.0.0.1'],
      port: 0,
      ring: 'public',
      lanDiscovery: false,
      relay: false,
      gater: {},
      chord: { ring: 'public', signer: signerOf(privateKey), stay: true, log: silentLogger },
      log: silentLogger
    })
  }

  async function findRecord(): Promise<ProviderRecord> {
    const signal = AbortSignal.timeout(DEADLINE)
    for (;;) {
      const [found] = await stranger.services.chord.findProviders(dhtKey, { signal })
      if (found) return found
    }
  }

  /** Like the real one, and remembers every byte that comes. */
  const eavesdrop: OpenStream = async (target, protocol, { signal }) => {
    const address = target.addresses[0]
    assert(address)
    const connection = await stranger.dial(multiaddr(address), { signal })
    const stream: Stream = await connection.newStream(protocol, { signal })
    const listen = stream.addEventListener.bind(stream)
    // The first listener is given what came before: so listen together with the one that answers.
    stream.addEventListener = (type: string, ...rest: [never, never?]) => {
      if (type === 'message') listen('message', event => heard.push(Buffer.from(event.data.subarray())))
      listen(type as 'message', ...rest)
    }
    return stream
  }

  /** What it can make of what it has: nothing of it is the digest, and no proof key is the right one. */
  function guesses(): { digest: string; proofKey: Uint8Array }[] {
    const known = [dhtKey, record.announcePublicKey.slice(-32), record.key]
    return known.flatMap(digest =>
      known.map(proofKey => ({ digest: Buffer.from(digest).toString('hex'), proofKey }))
    )
  }

  const target = () => ({ peerId: record.provider.toString(), addresses: record.addresses })
  const common = () => ({
    openStream: eavesdrop,
    target: target(),
    ownPeerId: stranger.peerId.toString(),
    clock: systemClock,
    random: systemRandom
  })

  it('sees a peer and ranges of chunks in the record, and no more', () => {
    assert.equal(record.provider.toString(), owner.events[0]?.peerId)
    assert.deepEqual(record.ranges, [[0, 3]])
  })

  it(`gets neither manifest nor chunks from a holder (${CHUNK_PROTOCOL})`, async () => {
    for (const secrets of guesses()) {
      const downloadLimiter = new TokenBucket(0, systemClock)
      const opening = openChunkSession(
        { ...common(), secrets, downloadLimiter },
        AbortSignal.timeout(DEADLINE)
      )
      await assert.rejects(opening, { code: 'PROOF_INVALID' })
    }
  })

  it(`gets no key from a holder (${KEY_PROTOCOL})`, async () => {
    for (const secrets of guesses()) {
      const asking = requestKey(
        { ...common(), secrets, request: new Uint8Array(500) },
        AbortSignal.timeout(DEADLINE)
      )
      await assert.rejects(asking, { code: 'PROOF_INVALID' })
    }
  })

  it('heard nothing but greetings, nonces and refusals', () => {
    const each = Buffer.concat(heard).length / (2 * guesses().length)
    assert.ok(each > 0 && each < 300, `${each} bytes a conversation`)
  })

  it('cannot register itself as a holder', async () => {
    const signal = AbortSignal.timeout(3_000)
    const own = await generateKeyPair('Ed25519')
    const publication = stranger.services.chord.publish({
      announceKey: {
        algorithm: 'ed25519',
        publicKey: record.announcePublicKey,
        dhtKey,
        sign: async bytes => await own.sign(bytes)
      },
      chunkCount: 3,
      ranges: [[0, 3]]
    })
    await assert.rejects(publication.acknowledged(signal))
    const records = await stranger.services.chord.findProviders(dhtKey, {
      signal: AbortSignal.timeout(DEADLINE)
    })
    assert.deepEqual(
      records.map(found => found.provider.toString()),
      [record.provider.toString()]
    )
    await publication.withdraw()
  })
})
