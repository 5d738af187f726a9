import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { systemClock } from '../../../src/peer/clock.ts'
import { digestOf, idOf } from '../../../src/peer/content/content-id.ts'
import { deriveIdKeys } from '../../../src/peer/content/id-keys.ts'
import { createProof } from '../../../src/peer/content/proof.ts'
import { CHUNK_HELLO } from '../../../src/peer/exchange/chunk-messages.ts'
import { openAsInitiator, openAsResponder } from '../../../src/peer/exchange/opening.ts'
import { silentLogger } from '../../../src/peer/log.ts'
import { systemRandom } from '../../../src/peer/random.ts'
import { FrameChannel } from '../../../src/peer/wire/frame-channel.ts'
import type { Message } from '../../../src/peer/wire/frame-codec.ts'
import { CLIENT_ID, ExchangePair, patience, SERVER_ID } from './exchange-pair.ts'
import { FakeVideo } from './fake-video.ts'
import { RawClient } from './raw-client.ts'
import { MuxerPair } from './stream-pair.ts'
import { VirtualClock } from './virtual-clock.ts'

const ZEROS = new Uint8Array(32)

async function rawClient(pair: ExchangePair): Promise<RawClient> {
  return new RawClient(await pair.dial())
}

/** What a client sees that claims `digest` and proves it with `proofKey`. */
async function attempt(pair: ExchangePair, digest: string, proofKey: Uint8Array): Promise<Message[]> {
  const client = await rawClient(pair)
  const hello = await client.hello()
  const initiatorNonce = systemRandom.bytes(32)
  await client.send({ type: 'open', digest: Buffer.from(digest, 'hex'), nonce: initiatorNonce })
  const answer = await client.receive()
  assert.ok(answer.nonce instanceof Uint8Array)
  const transcript = {
    initiator: CLIENT_ID,
    responder: SERVER_ID,
    initiatorNonce,
    responderNonce: answer.nonce
  }
  await client.send({ type: 'proof', mac: createProof(proofKey, 'initiator', transcript) })
  const messages = [hello, answer, ...(await client.receiveRest())]
  await client.channel.close(patience())
  return messages
}

function withoutNonces(messages: Message[]): unknown[] {
  return messages.map(({ nonce, ...rest }) => ({ ...rest, nonceBytes: (nonce as Uint8Array)?.length }))
}

describe('opening of a stream', () => {
  it('answers an unknown video exactly like a wrong proof, and says nothing else', async () => {
    const video = new FakeVideo('secret', 2, 1000)
    const pair = new ExchangePair([video])
    const wrongProof = await attempt(pair, video.digest, ZEROS)
    const unknown = await attempt(pair, '00'.repeat(32), video.proofKey)
    assert.deepEqual(withoutNonces(wrongProof), withoutNonces(unknown))
    assert.deepEqual(
      wrongProof.map(message => message.type),
      ['hello', 'answer', 'denied']
    )
    await Promise.all(pair.handled)
    assert.equal(pair.muxers.acceptedStreams, 0)
  })

  it('teaches nothing to a peer that holds only the key of the ring', async () => {
    const manifest = Buffer.from('some manifest')
    const id = idOf(manifest)
    const keys = deriveIdKeys(id)
    const video = Object.assign(new FakeVideo('stored', 2, 1000), {
      digest: digestOf(id),
      proofKey: keys.proofKey
    })
    const pair = new ExchangePair([video])
    const ringKey = Buffer.from(keys.dhtKey)
    const publicKey = Buffer.from(keys.announcePublicKey)
    for (const digest of [ringKey.toString('hex'), video.digest]) {
      for (const guess of [ringKey, publicKey, Buffer.from(digest, 'hex')]) {
        const seen = await attempt(pair, digest, guess)
        assert.deepEqual(
          seen.map(message => message.type),
          ['hello', 'answer', 'denied']
        )
      }
    }
    assert.deepEqual(video.reads, [])
  })

  it('tells a client without the ID that its proof is invalid', async () => {
    const video = new FakeVideo('denied', 2, 1000)
    const pair = new ExchangePair([video])
    const session = pair.session(video, { secrets: { digest: video.digest, proofKey: ZEROS } })
    await assert.rejects(session, { code: 'PROOF_INVALID' })
    await Promise.all(pair.handled)
    assert.equal(pair.muxers.acceptedStreams, 0)
  })

  it('refuses a server that does not know the ID', async () => {
    const [dialled, accepted] = await new MuxerPair().open()
    const server = new RawClient(accepted)
    const opening = openAsInitiator(
      conversation(new FrameChannel(dialled, { maxFrameBytes: 1000 }), CLIENT_ID, SERVER_ID),
      { digest: '11'.repeat(32), proofKey: ZEROS },
      patience()
    )
    await server.hello()
    await server.receive()
    await server.send({ type: 'answer', nonce: systemRandom.bytes(32) })
    const proof = await server.receive()
    // Sending a proof back to its maker proves nothing: it names its role.
    await server.send({ type: 'proof', mac: proof.mac })
    await assert.rejects(opening, { code: 'PROOF_INVALID' })
  })

  it('refuses a proof that another peer made', async () => {
    const video = new FakeVideo('stolen', 1, 1000)
    const [dialled, accepted] = await new MuxerPair().open()
    const responder = openAsResponder(
      conversation(new FrameChannel(accepted, { maxFrameBytes: 1000 }), SERVER_ID, 'QmThief'),
      () => video,
      patience()
    )
    const initiator = openAsInitiator(
      conversation(new FrameChannel(dialled, { maxFrameBytes: 1000 }), CLIENT_ID, SERVER_ID),
      video.secrets,
      patience()
    )
    await assert.rejects(responder, { code: 'PROOF_INVALID' })
    await assert.rejects(initiator, { code: 'PROOF_INVALID' })
  })

  it('never puts the ID or the proof key on the wire', async () => {
    const id = idOf(Buffer.from('a manifest'))
    const keys = deriveIdKeys(id)
    const [dialled, accepted] = await new MuxerPair().open()
    const wire: Buffer[] = []
    for (const stream of [dialled, accepted]) {
      stream.addEventListener('message', event => wire.push(Buffer.from(event.data.subarray())))
    }
    const secrets = { digest: digestOf(id), proofKey: keys.proofKey }
    await Promise.all([
      openAsInitiator(
        conversation(new FrameChannel(dialled, { maxFrameBytes: 1000 }), CLIENT_ID, SERVER_ID),
        secrets,
        patience()
      ),
      openAsResponder(
        conversation(new FrameChannel(accepted, { maxFrameBytes: 1000 }), SERVER_ID, CLIENT_ID),
        () => secrets,
        patience()
      )
    ])
    const bytes = Buffer.concat(wire)
    assert.ok(bytes.includes(Buffer.from(secrets.digest, 'hex')))
    for (const secret of [Buffer.from(id), keys.proofKey, keys.announcePublicKey, keys.dhtKey]) {
      assert.equal(bytes.includes(Buffer.from(secret)), false)
    }
  })

  it('cuts an opening that takes longer than ten seconds', async () => {
    const clock = new VirtualClock()
    const pair = new ExchangePair([new FakeVideo('slow', 1, 1000)], { clock })
    const client = await rawClient(pair)
    await client.hello()
    const outcome = client.receiveRest().catch((error: unknown) => error)
    await clock.advance(9_999)
    assert.equal(pair.muxers.acceptedStreams, 1)
    await clock.advance(1)
    await Promise.all(pair.handled)
    assert.equal(((await outcome) as { code: string }).code, 'PEER_UNREACHABLE')
    assert.equal(pair.muxers.acceptedStreams, 0)
  })

  it('gives up a server that takes longer than ten seconds', async () => {
    const clock = new VirtualClock()
    const muxers = new MuxerPair()
    const pair = new ExchangePair([], { clock })
    const video = new FakeVideo('silent', 1, 1000)
    const session = pair.session(video, { openStream: async () => (await muxers.open())[0] })
    const outcome = assert.rejects(session, { code: 'TIMEOUT' })
    await new Promise(resolve => setTimeout(resolve, 20))
    await clock.advance(10_000)
    await outcome
  })

  it('bounds the openings of one peer, not those of others', async () => {
    const video = new FakeVideo('half open', 1, 1000)
    const pair = new ExchangePair([video])
    const idle: RawClient[] = []
    for (let count = 0; count < 8; count++) idle.push(await rawClient(pair))
    await Promise.all(idle.map(client => client.hello()))
    await assert.rejects(pair.session(video))
    pair.clientId = 'QmOther'
    const session = await pair.session(video)
    await session.close()
    pair.clientId = CLIENT_ID
    idle[0]?.channel.abort(new Error('enough'))
    await pair.handled[0]
    await (await pair.session(video)).close()
    for (const client of idle) client.channel.abort(new Error('enough'))
    await Promise.all(pair.handled)
    assert.equal(pair.muxers.acceptedStreams, 0)
  })

  it('asks for an update when there is no common version', async () => {
    const [dialled, accepted] = await new MuxerPair().open()
    const server = new RawClient(accepted)
    const opening = openAsInitiator(
      conversation(new FrameChannel(dialled, { maxFrameBytes: 1000 }), CLIENT_ID, SERVER_ID),
      { digest: '11'.repeat(32), proofKey: ZEROS },
      patience()
    )
    await server.send({ type: 'hello', versions: [2], features: [], limits: {} })
    await assert.rejects(opening, { code: 'UPGRADE_NEEDED' })
  })
})

function conversation(channel: FrameChannel, ownPeerId: string, remotePeerId: string) {
  return {
    channel,
    hello: CHUNK_HELLO,
    ownPeerId,
    remotePeerId,
    random: systemRandom,
    clock: systemClock,
    log: silentLogger
  }
}
