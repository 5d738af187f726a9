import assert from 'node:assert/strict'
import { createCipheriv, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { digestOf } from '../../src/peer/content/content-id.ts'
import { createContentKey, deriveContentKeys } from '../../src/peer/content/content-key.ts'
import { CONTENT_ID_LENGTH, createManifest } from '../../src/peer/content/manifest.ts'
import { sealFile } from '../../src/peer/content/seal-file.ts'
import { Keystore } from '../../src/peer/identity/keystore.ts'
import { FileSealStore } from '../../src/peer/identity/seal-store.ts'
import { openDataFolder } from '../../src/peer/library/data-folder.ts'
import { Library } from '../../src/peer/library/library.ts'
import { silentLogger } from '../../src/peer/log.ts'
import { systemRandom } from '../../src/peer/random.ts'
import { encodeCanonical } from '../../src/peer/wire/canonical.ts'
import { Peers } from './cli-peer.ts'
import { sha256OfFile, writeSampleFile } from './sample-file.ts'

describe('an owner that writes what it likes into the metadata', function () {
  this.timeout(60_000)
  let folder: string
  let peers: Peers

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-hostile-'))
    peers = new Peers(folder)
  })

  after(async () => {
    await peers.stopAll()
    await rm(folder, { recursive: true })
  })

  /** A data folder whose share says `name`, with no check of ours in the way; gives the ID. */
  async function shareUnder(name: string, source: string, data: string): Promise<string> {
    const dataFolder = await openDataFolder(data)
    const keystore = await Keystore.open(dataFolder, new FileSealStore(data))
    const contentKey = createContentKey(systemRandom)
    const keys = deriveContentKeys(contentKey)
    const contentId = systemRandom.bytes(CONTENT_ID_LENGTH)
    const sealed = await sealFile(source, { chunkKey: keys.chunkKey, contentId })
    const manifest = await createManifest(
      {
        contentId,
        commitment: keys.commitment,
        granters: 'holders',
        sealedMetadata: sealAnything(keys.metadataKey, contentId, {
          name,
          mimeType: 'video/mp4',
          sha256: sealed.sha256
        }),
        file: { byteLength: sealed.geometry.byteLength, root: sealed.root }
      },
      keystore.identity
    )
    const digest = digestOf(manifest.id)
    const library = await Library.load(dataFolder, silentLogger)
    await library.writeManifest(digest, manifest.bytes)
    await library.writeLeaves(digest, sealed.leaves)
    await library.put({
      digest,
      origin: 'shared',
      name: 'video',
      mimeType: 'video/mp4',
      bytes: manifest.byteLength,
      chunkSize: manifest.chunkSize,
      chunks: manifest.count,
      policy: 'open',
      state: 'sharing',
      path: source,
      fileIdentity: sealed.identity,
      addedAt: 0
    })
    await keystore.setSecret(digest, { id: CID.parse(manifest.id).bytes, contentKey, kept: false })
    await keystore.close()
    return manifest.id
  }

  function sealAnything(key: Uint8Array, contentId: Uint8Array, metadata: object): Uint8Array {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    cipher.setAAD(Buffer.concat([Buffer.from('chordcast/metadata/1'), contentId]))
    return Buffer.concat([
      nonce,
      cipher.update(encodeCanonical(metadata)),
      cipher.final(),
      cipher.getAuthTag()
    ])
  }

  for (const [name, saved] of [
    ['../../x.mp4', 'x.mp4'],
    ['/etc/cron.d/x.mp4', 'x.mp4'],
    ['a\u202Egpm.4pm', /^[^\u202E]+$/],
    ['..', /^[^./][^/]*$/]
  ] as const) {
    it(`saves ${JSON.stringify(name)} inside the chosen folder`, async () => {
      const source = join(folder, 'source.mp4')
      const sha256 = await writeSampleFile(source, 300_000)
      const data = peers.newDataFolder()
      const id = await shareUnder(name, source, data)
      const bootstrap = await peers.start(['peer'], { data }).address()
      const inner = await mkdtemp(join(folder, 'out-'))
      const out = join(inner, 'deep', 'er')
      await mkdir(out, { recursive: true })

      const fetcher = peers.start(['fetch', id, '--out', out, '--bootstrap', bootstrap])
      const { path } = await fetcher.event('complete')
      assert.equal(await fetcher.exit(), 0)
      const files = await readdir(out)
      assert.equal(files.length, 1)
      if (typeof saved === 'string') assert.equal(files[0], saved)
      else assert.match(String(files[0]), saved)
      assert.equal(path, join(out, String(files[0])))
      assert.equal(await sha256OfFile(String(path)), sha256)
      assert.deepEqual(await readdir(inner), ['deep'])
      assert.deepEqual(await readdir(join(inner, 'deep')), ['er'])
    })
  }
})
