import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  compactRanges,
  countChunks,
  decodeProviderRecord,
  signProviderRecord
} from '../../src/peer/chord/record/provider-record.ts'
import { RecordStore } from '../../src/peer/chord/record/record-store.ts'
import type { SignedRecord } from '../../src/peer/chord/record/signed-record.ts'
import { signTombstone } from '../../src/peer/chord/record/tombstone.ts'
import {
  decodeReply,
  decodeReplyEnvelope,
  decodeRequest,
  decodeRequestEnvelope,
  encodeReply,
  encodeRequest
} from '../../src/peer/chord/rpc/messages.ts'
import type { Method } from '../../src/peer/chord/rpc/protocol.ts'
import { silentLogger } from '../../src/peer/log.ts'
import { encodeCanonical } from '../../src/peer/wire/canonical.ts'
import {
  decodeFrameBody,
  encodeFrame,
  LENGTH_PREFIX_BYTES,
  type Message
} from '../../src/peer/wire/frame-codec.ts'
import { SeededRandom } from '../sim/chord/seeded-random.ts'
import { simulatedAnnounceKey, simulatedSigner, verifySimulated } from '../sim/chord/simulated-keys.ts'
import { VirtualClock } from '../sim/chord/virtual-clock.ts'
import { corrupted, expectOnlyPeerErrors, plainData } from './hostile-bytes.ts'

const RUNS = 20_000
const METHODS: readonly Method[] = [
  'ping',
  'neighbours',
  'notify',
  'nudge',
  'next',
  'dialBack',
  'leave',
  'store',
  'get',
  'pull',
  'digest'
]
const PEER = '12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5'

describe('Chord under hostile input', function () {
  this.timeout(120_000)
  const random = new SeededRandom(1)
  const clock = new VirtualClock()
  const provider = simulatedSigner(random)
  const announceKey = simulatedAnnounceKey(random)
  const draft = {
    addresses: ['/ip4/10.0.0.1/tcp/1'],
    sequence: 5,
    issued: clock.now(),
    chunkCount: 100,
    ranges: [[0, 50]] as [number, number][]
  }
  let record: SignedRecord
  let tombstone: SignedRecord

  before(async () => {
    record = await signProviderRecord(draft, provider, announceKey)
    tombstone = await signTombstone({ sequence: 1, issued: clock.now() }, provider, announceKey)
  })

  const emptyStore = () => new RecordStore({ clock, random, verify: verifySimulated, log: silentLogger })

  it('refuses every corruption of a record', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.boolean().chain(isTombstone => {
          const signed = isTombstone ? tombstone : record
          return fc.oneof(
            corrupted(signed.payload).map(payload => ({ ...signed, payload })),
            corrupted(signed.signature).map(signature => ({ ...signed, signature })),
            corrupted(signed.announceSignature).map(announceSignature => ({ ...signed, announceSignature }))
          )
        }),
        async signed => {
          const store = emptyStore()
          assert.deepEqual(await store.accept({ signed, remaining: 1000 }), { status: 'refused' })
          assert.equal(store.size, 0)
        }
      ),
      { numRuns: RUNS }
    )
  })

  it('reads any signed payload without harm, and what it takes is within bounds', async () => {
    const fields = {
      version: 1,
      announceKey: announceKey.publicKey,
      provider: provider.publicKey,
      addresses: [],
      sequence: 1,
      issued: 0,
      ttl: 1000,
      chunkCount: 10,
      ranges: [[1, 2]],
      withdrawn: false
    }
    await fc.assert(
      fc.asyncProperty(plainData(fields), async data => {
        const payload = encodeCanonical(data)
        const read = await expectOnlyPeerErrors(async () => decodeProviderRecord({ ...record, payload }))
        if (read instanceof Error) return
        assert.ok(countChunks(read.ranges) <= read.chunkCount)
        assert.ok(read.ttl <= 30 * 60_000)
      }),
      { numRuns: RUNS }
    )
  })

  it('answers any message body with a value or a PeerError', async () => {
    const bodies = {
      key: new Uint8Array(32),
      addresses: ['/ip4/10.0.0.1/tcp/1'],
      member: true,
      whole: true,
      reached: true,
      reason: '',
      successors: [{ peerId: PEER, addresses: [] }],
      predecessor: { peerId: PEER, addresses: [] },
      owners: [],
      closer: [],
      arc: { from: new Uint8Array(32), to: new Uint8Array(32) },
      records: [],
      outcomes: [{ status: 'stored' }],
      after: 'x',
      count: 1,
      digest: new Uint8Array(32)
    }
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...METHODS), plainData(bodies), async (method, data) => {
        const body = overWire({ body: data }).body
        await expectOnlyPeerErrors(async () => decodeRequest(method, body))
        await expectOnlyPeerErrors(async () => decodeReply(method, body))
      }),
      { numRuns: RUNS }
    )
  })

  it('survives any change of an encoded message', async () => {
    const messages = [
      encodeRequest(1, 'store', { records: [{ signed: record, remaining: 5 }] }),
      encodeRequest(2, 'pull', { arc: { from: 1n, to: 2n }, after: 'x' }),
      encodeReply(3, 9, {
        member: true,
        successors: [{ peerId: PEER, position: 1n, addresses: ['a'] }],
        whole: false
      })
    ].map(message => encodeFrame(message).subarray(LENGTH_PREFIX_BYTES))
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...messages).chain(corrupted), async bytes => {
        const message = await expectOnlyPeerErrors(async () => decodeFrameBody(bytes))
        if (message instanceof Error) return
        const request = await expectOnlyPeerErrors(async () => decodeRequestEnvelope(message))
        if (!(request instanceof Error)) {
          await expectOnlyPeerErrors(async () => decodeRequest(request.method, request.body))
        }
        const reply = await expectOnlyPeerErrors(async () => decodeReplyEnvelope(message))
        if (!(reply instanceof Error))
          await expectOnlyPeerErrors(async () => decodeReply('neighbours', reply.body))
      }),
      { numRuns: RUNS }
    )
  })

  it('makes ranges that are in order, apart, and cover nothing that was not there', () => {
    const range = fc
      .tuple(fc.nat(2000), fc.nat(2000))
      .map(([start, length]) => [start, start + (length % 40)] as const)
    fc.assert(
      fc.property(fc.array(range, { maxLength: 300 }), ranges => {
        const held = new Set(
          ranges.flatMap(([start, end]) => Array.from({ length: end - start }, (_, at) => start + at))
        )
        const compact = compactRanges(ranges)
        compact.forEach(([start, end], index) => {
          assert.ok(start < end && start > (compact[index - 1]?.[1] ?? -1))
          for (let chunk = start; chunk < end; chunk++) assert.ok(held.has(chunk))
        })
        if (compact.length < 128) assert.equal(countChunks(compact), held.size)
      }),
      { numRuns: 2_000 }
    )
  })
})

function overWire(message: Message): Message {
  return decodeFrameBody(encodeFrame(message).subarray(LENGTH_PREFIX_BYTES))
}
