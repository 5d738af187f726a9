import assert from 'node:assert/strict'
import { createHash, createPublicKey, privateDecrypt, publicEncrypt } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isEndorsed } from '../../../src/peer/identity/encryption-key.ts'
import { Keystore } from '../../../src/peer/identity/keystore.ts'
import { FileSealStore, type SealStore } from '../../../src/peer/identity/seal-store.ts'
import { type DataFolder, openDataFolder } from '../../../src/peer/library/data-folder.ts'
import { signPayload, verifyPayload } from '../../../src/peer/wire/signature.ts'

const DIGEST = 'ab'.repeat(32)
const SECRET = { id: new Uint8Array(36).fill(7), contentKey: new Uint8Array(32).fill(9), kept: false }

/** SecretStorage in memory. */
class EditorSeals implements SealStore {
  readonly kind = 'editor'
  seal: Uint8Array | undefined
  async load(): Promise<Uint8Array | undefined> {
    return this.seal
  }
  async save(seal: Uint8Array): Promise<void> {
    this.seal = seal
  }
}

describe('keystore', () => {
  let template: string
  let folder: DataFolder
  let seals: FileSealStore

  before(async () => {
    template = await mkdtemp(join(tmpdir(), 'chordcast-test-'))
    const keystore = await Keystore.open(await openDataFolder(template), new FileSealStore(template))
    await keystore.setSecret(DIGEST, SECRET)
    await keystore.close()
  })

  after(() => rm(template, { recursive: true }))

  beforeEach(async () => {
    const path = await mkdtemp(join(tmpdir(), 'chordcast-test-'))
    await cp(template, path, { recursive: true })
    folder = await openDataFolder(path)
    seals = new FileSealStore(path)
  })

  afterEach(() => rm(folder.path, { recursive: true }))

  const file = (): string => join(folder.keys, 'keystore')

  it('keeps identity, encryption key and secrets', async () => {
    const first = await Keystore.open(folder, seals)
    const peerId = first.identity.peerId.toString()
    const publicKey = Buffer.from(first.encryptionKey.publicKey)
    await first.close()
    const second = await Keystore.open(folder, seals)
    assert.equal(second.identity.peerId.toString(), peerId)
    assert.ok(publicKey.equals(second.encryptionKey.publicKey))
    assert.deepEqual(second.getSecret(DIGEST), SECRET)
    assert.deepEqual(second.listSecrets(), [DIGEST])
    assert.equal(second.sealLost, false)
    await second.close()
  })

  it('keeps what was set and forgets what was deleted, also in a burst', async () => {
    const keystore = await Keystore.open(folder, seals)
    const digests = Array.from({ length: 300 }, (_, i) =>
      createHash('sha256').update(String(i)).digest('hex')
    )
    await Promise.all(digests.map(digest => keystore.setSecret(digest, { id: SECRET.id, kept: true })))
    await Promise.all([...digests.slice(1), DIGEST].map(digest => keystore.deleteSecret(digest)))
    await keystore.close()
    const again = await Keystore.open(folder, seals)
    assert.deepEqual(again.listSecrets(), digests.slice(0, 1))
    assert.deepEqual(again.getSecret(digests[0] ?? ''), { id: SECRET.id, kept: true })
    await again.close()
  })

  it('has a peer id that is the hash of its RSA key, and signs for it', async () => {
    const { identity } = await Keystore.open(folder, seals)
    assert.match(identity.peerId.toString(), /^Qm/)
    const hash = createHash('sha256').update(identity.publicKey).digest()
    assert.ok(hash.equals(Buffer.from(identity.peerId.toMultihash().digest)))
    const payload = Buffer.from('payload')
    const signature = await signPayload(identity, 'test', 1, payload)
    assert.ok(await verifyPayload(identity.publicKey, 'test', 1, payload, signature))
    assert.ok(!(await verifyPayload(identity.publicKey, 'other', 1, payload, signature)))
  })

  it('has an encryption key of its own that the identity endorses', async () => {
    const { identity, encryptionKey } = await Keystore.open(folder, seals)
    const { publicKey, privateKey, endorsement } = encryptionKey
    assert.ok(await isEndorsed(identity.publicKey, publicKey, endorsement))
    const forged = Uint8Array.from(publicKey, (byte, i) => (i === 40 ? byte ^ 1 : byte))
    assert.ok(!(await isEndorsed(identity.publicKey, forged, endorsement)))
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
    const wrapped = publicEncrypt({ key, oaepHash: 'sha256' }, Buffer.from('K'))
    assert.equal(String(privateDecrypt({ key: privateKey, oaepHash: 'sha256' }, wrapped)), 'K')
  })

  it('makes keys without holding up the event loop', async function () {
    this.timeout(30_000)
    const path = await mkdtemp(join(tmpdir(), 'chordcast-test-'))
    const fresh = await openDataFolder(path)
    let ticks = 0
    const timer = setInterval(() => ticks++, 1)
    await (await Keystore.open(fresh, new FileSealStore(path))).close()
    clearInterval(timer)
    await rm(path, { recursive: true })
    assert.ok(ticks >= 10, `only ${ticks} ticks while two keys were made`)
  })

  it('shows no secret in the file, and keeps others from reading it', async () => {
    const bytes = await readFile(file())
    for (const secret of [SECRET.id, SECRET.contentKey, await readFile(join(folder.keys, 'seal'))]) {
      assert.equal(bytes.indexOf(secret), -1)
    }
    for (const name of ['keystore', 'seal']) {
      assert.equal((await stat(join(folder.keys, name))).mode & 0o777, 0o600)
    }
  })

  it('gives copies, which outlive closing, and wipes its own', async () => {
    const keystore = await Keystore.open(folder, seals)
    const mine = keystore.getSecret(DIGEST)
    mine?.contentKey?.fill(1)
    assert.deepEqual(keystore.getSecret(DIGEST), SECRET)
    const kept = keystore.getSecret(DIGEST)
    await keystore.close()
    assert.deepEqual(kept, SECRET)
    assert.equal(keystore.getSecret(DIGEST), undefined)
    await assert.rejects(keystore.setSecret(DIGEST, SECRET), { code: 'CONTROL_LOST' })
  })

  it('begins a new identity when the seal is lost, says so, and keeps the old keystore', async function () {
    this.timeout(30_000)
    const before = await Keystore.open(folder, seals)
    const old = await readFile(file())
    await rm(join(folder.keys, 'seal'))
    const after = await Keystore.open(folder, seals)
    assert.equal(after.sealLost, true)
    assert.notEqual(after.identity.peerId.toString(), before.identity.peerId.toString())
    assert.equal(after.getSecret(DIGEST), undefined)
    const lost = (await readdir(folder.keys)).find(name => name.startsWith('keystore.lost-'))
    assert.deepEqual(await readFile(join(folder.keys, lost ?? '')), old)
    assert.equal((await Keystore.open(folder, seals)).sealLost, false)
  })

  it('takes another seal for a lost one', async function () {
    this.timeout(30_000)
    await seals.save(new Uint8Array(32).fill(3))
    assert.equal((await Keystore.open(folder, seals)).sealLost, true)
  })

  it('refuses keys that the editor sealed when the command line asks, and the other way round', async function () {
    this.timeout(30_000)
    await assert.rejects(Keystore.open(folder, new EditorSeals()), { code: 'KEYSTORE_FOREIGN' })
    await rm(folder.keys, { recursive: true })
    folder = await openDataFolder(folder.path)
    const editor = new EditorSeals()
    const keystore = await Keystore.open(folder, editor)
    assert.equal(editor.seal?.length, 32)
    await keystore.close()
    assert.ok(
      editor.seal?.some(byte => byte !== 0),
      'closing wiped the store’s own seal'
    )
    await assert.rejects(Keystore.open(folder, seals), { code: 'KEYSTORE_FOREIGN' })
    assert.equal((await Keystore.open(folder, editor)).sealLost, false)
  })

  it('calls a damaged keystore damaged, and leaves it alone', async () => {
    const good = await readFile(file())
    for (const bad of [
      Buffer.alloc(0),
      good.subarray(0, 20),
      good.subarray(0, -1),
      flip(good, 3),
      flip(good, 60)
    ]) {
      await writeFile(file(), bad)
      await assert.rejects(Keystore.open(folder, seals), { code: 'KEYSTORE_DAMAGED' })
      assert.deepEqual(await readFile(file()), bad)
    }
    await writeFile(file(), good)
    await writeFile(join(folder.keys, 'seal'), 'short')
    await assert.rejects(Keystore.open(folder, seals), { code: 'KEYSTORE_DAMAGED' })
  })

  it('reports a folder that cannot be written', async () => {
    const keystore = await Keystore.open(folder, seals)
    await rm(folder.keys, { recursive: true })
    await assert.rejects(keystore.setSecret(DIGEST, SECRET), { code: 'FOLDER_UNWRITABLE' })
  })
})

function flip(bytes: Buffer, position: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[position] = (copy[position] ?? 0) ^ 1
  return copy
}
