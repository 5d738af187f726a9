import assert from 'node:assert/strict'
import { generateKeyPair } from '@libp2p/crypto/keys'
import {
  type AnnounceKey,
  decodeProviderRecord,
  signProviderRecord
} from '../../../src/peer/chord/record/provider-record.ts'
import { signTombstone } from '../../../src/peer/chord/record/tombstone.ts'
import { positionFromBytes } from '../../../src/peer/chord/ring-position.ts'
import { decodeCanonical, encodeCanonical } from '../../../src/peer/wire/canonical.ts'
import { type Signer, signPayload } from '../../../src/peer/wire/signature.ts'
import { makeAnnounceKey, signerOf } from './libp2p-peer.ts'
import { draftOf, inTransit, ManualClock, makeStore, recordOf, TTL } from './record-fixtures.ts'

const DAY = 24 * 60 * 60_000

describe('RecordStore', () => {
  let clock: ManualClock
  let provider: Signer
  let other: Signer
  let announceKey: AnnounceKey
  let key: bigint

  before(async () => {
    // The identity of a real peer is RSA.
    provider = signerOf(await generateKeyPair('RSA', 2048))
    other = signerOf(await generateKeyPair('Ed25519'))
  })

  beforeEach(async () => {
    clock = new ManualClock()
    announceKey = await makeAnnounceKey()
    key = positionFromBytes(announceKey.dhtKey)
  })

  it('gives back what was signed by the provider and by the announce key', async () => {
    const store = makeStore(clock)
    const record = await recordOf(clock, provider, announceKey, {
      ranges: [
        [4, 6],
        [0, 2],
        [2, 3]
      ]
    })
    assert.deepEqual(await store.accept(record), { status: 'stored' })
    const [stored] = store.get(key)
    assert.ok(stored?.read.content.kind === 'provider')
    assert.deepEqual(stored.read.content.record.ranges, [
      [0, 3],
      [4, 6]
    ])
    assert.deepEqual(stored.read.content.record.addresses, ['/ip4/10.0.0.1/tcp/4001'])
  })

  it('refuses a record that lacks the announce key’s signature: who knows only the DHT key cannot register', async () => {
    const store = makeStore(clock)
    const stranger = await makeAnnounceKey()
    const { signed } = await recordOf(clock, provider, announceKey)
    const { payload } = signed
    const own = await signPayload(other, 'provider-record', 1, payload)
    const strangers = await signPayload(stranger, 'provider-record', 1, payload)
    for (const announceSignature of [
      own.signature,
      strangers.signature,
      signed.signature,
      new Uint8Array(64)
    ]) {
      assert.deepEqual(await store.accept(inTransit({ ...signed, announceSignature })), { status: 'refused' })
    }
    assert.equal(store.size, 0)
  })

  it('refuses a record for somebody else’s identity', async () => {
    const store = makeStore(clock)
    const { signed } = await recordOf(clock, provider, announceKey)
    const forged = await signPayload(other, 'provider-record', 1, signed.payload)
    const records = [
      { ...signed, signature: forged.signature, algorithm: forged.algorithm },
      { ...signed, algorithm: 'ed25519' as const }
    ]
    for (const record of records)
      assert.deepEqual(await store.accept(inTransit(record)), { status: 'refused' })
  })

  it('refuses any change of the signed bytes', async () => {
    const store = makeStore(clock)
    const { signed } = await recordOf(clock, provider, announceKey)
    for (let at = 0; at < signed.payload.length; at += 7) {
      const payload = signed.payload.slice()
      payload[at]! ^= 1
      const outcome = await store.accept(inTransit({ ...signed, payload }))
      assert.equal(outcome.status, 'refused', `byte ${at}`)
    }
  })

  it('refuses a record whose times, sizes or ranges are out of bounds', async () => {
    const store = makeStore(clock)
    const { signed } = await recordOf(clock, provider, announceKey)
    const fields = decodeCanonical(signed.payload, { maxBytes: 4096 }) as Record<string, unknown>
    for (const change of [
      { ttl: TTL + 1 },
      { ttl: 0 },
      { sequence: 0 },
      { chunkCount: 0 },
      { ranges: [[0, 9]] },
      { ranges: [[3, 3]] },
      {
        ranges: [
          [2, 4],
          [3, 5]
        ]
      },
      { ranges: Array.from({ length: 129 }, (_, index) => [2 * index, 2 * index + 1]), chunkCount: 400 },
      { addresses: Array.from({ length: 13 }, () => 'x') },
      { addresses: ['x'.repeat(257)] },
      { issued: clock.now() + DAY + 1 },
      { issued: clock.now() - DAY - 1 },
      { version: 2 },
      { critical: ['x'] },
      { padding: 'x'.repeat(4096) }
    ]) {
      const payload = encodeCanonical({ ...fields, ...change })
      const author = await signPayload(provider, 'provider-record', 1, payload)
      const announce = await signPayload(announceKey, 'provider-record', 1, payload)
      const record = {
        ...signed,
        payload,
        signature: author.signature,
        announceSignature: announce.signature
      }
      assert.deepEqual(
        await store.accept(inTransit(record)),
        { status: 'refused' },
        JSON.stringify(change).slice(0, 60)
      )
    }
    assert.equal(store.size, 0)
  })

  it('replaces a version by a newer one, and says which it knows to who brings an older one', async () => {
    const store = makeStore(clock)
    await store.accept(await recordOf(clock, provider, announceKey, { sequence: 5, ranges: [[0, 1]] }))
    const older = await recordOf(clock, provider, announceKey, { sequence: 4 })
    assert.deepEqual(await store.accept(older), { status: 'stale', sequence: 5 })
    await store.accept(await recordOf(clock, provider, announceKey, { sequence: 6, ranges: [[0, 8]] }))
    assert.deepEqual(
      store.get(key).map(stored => stored.read.sequence),
      [6]
    )
    assert.equal(store.size, 1)
  })

  it('lets nothing outlive its time by being passed on', async () => {
    const store = makeStore(clock)
    const record = await recordOf(clock, provider, announceKey)
    await store.accept(inTransit(record.signed, 10_000))
    clock.time = 9_000
    assert.deepEqual(await store.accept(record), { status: 'stored' })
    assert.equal(store.inTransit(store.get(key)[0]!).remaining, 1_000)
    clock.time = 10_000
    assert.deepEqual(store.get(key), [])
  })

  it('does not take back what has expired', async () => {
    const store = makeStore(clock)
    const record = await recordOf(clock, provider, announceKey, { sequence: 3 })
    await store.accept(record)
    clock.time = TTL
    assert.deepEqual(await store.accept(record), { status: 'stale', sequence: 3 })
    store.sweep()
    assert.equal(store.size, 0)
    assert.deepEqual(await store.accept(record), { status: 'stale', sequence: 3 })
    const next = await recordOf(clock, provider, announceKey, { sequence: 4 })
    assert.deepEqual(await store.accept(next), { status: 'stored' })
  })

  it('keeps lifetimes when the wall clock jumps', async () => {
    const store = makeStore(clock)
    await store.accept(await recordOf(clock, provider, announceKey))
    clock.skew = 12 * DAY
    assert.equal(store.get(key).length, 1)
  })

  it('keeps at most so many records of a key, and makes room among the older ones', async () => {
    const store = makeStore(clock, { recordsPerKey: 4 })
    for (let count = 0; count < 6; count++) {
      clock.time += 1000
      const author = signerOf(await generateKeyPair('Ed25519'))
      assert.deepEqual(await store.accept(await recordOf(clock, author, announceKey)), { status: 'stored' })
    }
    assert.equal(store.get(key).length, 4)
  })

  it('keeps at most so many records of a provider, and in all', async () => {
    const store = makeStore(clock, { recordsPerProvider: 3, records: 4 })
    const outcomes = []
    for (let count = 0; count < 5; count++) {
      outcomes.push((await store.accept(await recordOf(clock, other, await makeAnnounceKey()))).status)
    }
    assert.deepEqual(outcomes, ['stored', 'stored', 'stored', 'refused', 'refused'])
    assert.equal((await store.accept(await recordOf(clock, provider, announceKey))).status, 'stored')
    assert.equal(store.size, 4)
  })

  it('makes room for who has little when it is full: who has most gives way', async () => {
    const store = makeStore(clock, { records: 6 })
    const accept = async (by: Signer) =>
      (await store.accept(await recordOf(clock, by, await makeAnnounceKey()))).status
    for (let count = 0; count < 6; count++) assert.equal(await accept(other), 'stored')
    const outcomes = []
    for (let count = 0; count < 4; count++) outcomes.push(await accept(provider))
    assert.deepEqual(outcomes, ['stored', 'stored', 'stored', 'refused'])
    assert.equal(store.size, 6)
    assert.equal(await accept(other), 'refused')
  })

  it('counts tombstones to a provider’s quota, keeps few of a key, and lets none push out another', async () => {
    const store = makeStore(clock, { recordsPerProvider: 2, tombstonesPerKey: 2 })
    const entomb = async (author: Signer, announced = announceKey): Promise<string> => {
      const signed = await signTombstone({ sequence: 1, issued: clock.now() }, author, announced)
      return (await store.accept(inTransit(signed, DAY))).status
    }
    const strangers = await Promise.all([1, 2].map(async () => signerOf(await generateKeyPair('Ed25519'))))
    assert.equal(await entomb(provider), 'stored')
    assert.equal(await entomb(strangers[0]!), 'stored')
    assert.equal(await entomb(strangers[1]!), 'refused')
    assert.equal((await store.accept(await recordOf(clock, other, announceKey))).status, 'stored')
    assert.equal(await entomb(provider, await makeAnnounceKey()), 'stored')
    assert.equal(await entomb(provider, await makeAnnounceKey()), 'refused')
  })

  it('takes the same version from two members at once as stored, not as stale', async () => {
    const store = makeStore(clock)
    const record = await recordOf(clock, provider, announceKey)
    const outcomes = await Promise.all([store.accept(record), store.accept(record)])
    assert.deepEqual(outcomes, [{ status: 'stored' }, { status: 'stored' }])
    assert.equal(store.size, 1)
  })

  it('remembers no more expired sequences than it holds records at most', async () => {
    const store = makeStore(clock, { records: 2 })
    const records = []
    for (let count = 0; count < 3; count++) {
      const record = await recordOf(clock, other, await makeAnnounceKey())
      records.push(record)
      await store.accept(record)
      clock.time += TTL
      store.sweep()
    }
    clock.skew = -clock.time
    const outcomes = await Promise.all(records.map(record => store.accept(record)))
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['stored', 'stale', 'stale']
    )
  })

  it('pages through an arc in order, completely and once', async () => {
    const store = makeStore(clock)
    const names = []
    for (let count = 0; count < 150; count++) {
      const announced = await makeAnnounceKey()
      await store.accept(await recordOf(clock, other, announced))
      names.push(Buffer.from(announced.dhtKey).toString('hex'))
    }
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = store.page({ from: 0n, to: 0n }, after)
      assert.ok(page.records.length <= 64)
      seen.push(...page.records.map(({ read }) => read.name.slice(0, 64)))
      after = page.after
    } while (after !== undefined)
    assert.deepEqual(seen, names.sort())
  })

  it('has equal digests exactly for equal contents', async () => {
    const [left, right] = [makeStore(clock), makeStore(clock)]
    const arc = { from: 0n, to: 0n }
    const records = [await recordOf(clock, provider, announceKey), await recordOf(clock, other, announceKey)]
    for (const record of records) await left.accept(record)
    for (const record of records.toReversed()) await right.accept(record)
    assert.deepEqual(left.digest(arc), right.digest(arc))
    await right.accept(await recordOf(clock, other, announceKey, { sequence: 2 }))
    assert.notDeepEqual(left.digest(arc), right.digest(arc))
  })

  it('keeps tombstones beside records for thirty days', async () => {
    const store = makeStore(clock)
    const tombstone = await signTombstone({ sequence: 1, issued: clock.now() }, provider, announceKey)
    assert.deepEqual(await store.accept(inTransit(tombstone, 40 * DAY)), { status: 'stored' })
    await store.accept(await recordOf(clock, provider, announceKey))
    clock.time = 29 * DAY
    assert.deepEqual(
      store.get(key).map(stored => stored.read.content.kind),
      ['tombstone']
    )
    clock.time = 30 * DAY
    assert.deepEqual(store.get(key), [])
  })

  it('never takes a signature of one kind for another', async () => {
    const store = makeStore(clock)
    const { signed } = await recordOf(clock, provider, announceKey)
    assert.equal((await store.accept(inTransit({ ...signed, kind: 'tombstone' }))).status, 'refused')
  })

  it('has records name their longest ranges when there are too many', async () => {
    const ranges = Array.from(
      { length: 300 },
      (_, index) => [10 * index, 10 * index + 1 + (index % 3)] as const
    )
    const draft = draftOf(clock, { ranges, chunkCount: 3000 })
    const record = decodeProviderRecord(await signProviderRecord(draft, other, announceKey))
    assert.equal(record.ranges.length, 128)
    assert.ok(record.ranges.slice(0, 100).every(([start, end]) => end - start >= 2))
  })
})
