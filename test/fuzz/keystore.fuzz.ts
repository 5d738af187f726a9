import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Bitfield } from '../../src/peer/content/bitfield.ts'
import { decodeKeystoreBody, encodeKeystoreBody } from '../../src/peer/identity/keystore-body.ts'
import {
  isSealedBy,
  readKeystoreHeader,
  sealKeystore,
  unsealKeystore
} from '../../src/peer/identity/keystore-file.ts'
import { decodeJournal, encodeJournal } from '../../src/peer/library/journal-format.ts'
import { systemRandom } from '../../src/peer/random.ts'

const RUNS = Number(process.env.FUZZ_RUNS ?? 1000)
const seal = fc.uint8Array({ minLength: 32, maxLength: 32 })
const secret = fc.record(
  {
    id: fc.uint8Array({ maxLength: 128 }),
    contentKey: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    kept: fc.boolean()
  },
  { requiredKeys: ['id', 'kept'], noNullPrototype: true }
)
const digest = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map(bytes => Buffer.from(bytes).toString('hex'))
const body = fc.record(
  {
    identity: fc.uint8Array({ maxLength: 64 }),
    encryptionKey: fc.uint8Array({ maxLength: 64 }),
    endorsement: fc.record(
      { algorithm: fc.constant('rsa-sha256' as const), signature: fc.uint8Array({ maxLength: 64 }) },
      { noNullPrototype: true }
    ),
    secrets: fc.array(fc.tuple(digest, secret), { maxLength: 8 }).map(entries => new Map(entries))
  },
  { noNullPrototype: true }
)

describe('keystore and journal under mutation', function () {
  this.timeout(60_000)

  it('opens what was sealed, and nothing of which a bit differs', () => {
    fc.assert(
      fc.property(body, seal, fc.nat(), fc.integer({ min: 1, max: 255 }), (content, key, at, mask) => {
        const file = sealKeystore(encodeKeystoreBody(content), key, 'file', systemRandom)
        const header = readKeystoreHeader(file)
        assert.ok(header && isSealedBy(header, key))
        assert.deepEqual(decodeKeystoreBody(unsealKeystore(file, key)), content)
        file[at % file.length] = (file[at % file.length] ?? 0) ^ mask
        assert.throws(() => unsealKeystore(file, key))
      }),
      { numRuns: RUNS }
    )
  })

  it('reads any bytes as a header or not, and as a body or throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), seal, (bytes, key) => {
        assert.equal(readKeystoreHeader(bytes), undefined)
        assert.throws(() => unsealKeystore(bytes, key))
        assert.throws(() => decodeKeystoreBody(bytes))
      }),
      { numRuns: RUNS }
    )
  })

  it('never takes a chunk for here that the journal did not record', () => {
    const journal = fc.array(fc.boolean(), { minLength: 1, maxLength: 200 }).map(bits => {
      const have = new Bitfield(bits.length)
      for (const [index, isHere] of bits.entries()) if (isHere) have.add(index)
      return have
    })
    fc.assert(
      fc.property(journal, digest, fc.nat(), fc.nat(255), fc.nat(), (have, name, at, mask, cut) => {
        const bytes = encodeJournal(name, have)
        const whole = decodeJournal(bytes, name, have.length)
        assert.deepEqual(whole, { have, damaged: false, untidy: false })
        assert.deepEqual(whole.have.toBytes(), have.toBytes())
        const torn = Uint8Array.from(bytes.subarray(0, bytes.length - (cut % 30)))
        if (torn.length > 0) torn[at % torn.length] = (torn[at % torn.length] ?? 0) ^ mask
        assert.equal(decodeJournal(torn, name, have.length).have.without(have).size, 0)
      }),
      { numRuns: RUNS }
    )
  })
})
