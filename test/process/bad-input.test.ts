import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Peers } from './cli-peer.ts'
import { writeSampleFile } from './sample-file.ts'

const UNKNOWN_ID = 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

describe('what bad input gets', function () {
  this.timeout(60_000)
  let folder: string
  let peers: Peers

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-bad-input-'))
    peers = new Peers(folder)
  })

  after(async () => {
    await peers.stopAll()
    await rm(folder, { recursive: true })
  })

  /** Runs a command that must fail with exit code 1 and one error event. */
  async function failure(args: string[]): Promise<{ code: string; message: string }> {
    const peer = peers.start(args)
    const { code, message } = await peer.event('error')
    assert.equal(await peer.exit(), 1)
    assert.match(String(message), /\.$/, 'a sentence')
    return { code: String(code), message: String(message) }
  }

  it('an ID that is none', async () => {
    assert.equal((await failure(['fetch', 'not-an-id'])).code, 'ID_INVALID')
  })

  it('a link with a broken address', async () => {
    assert.equal((await failure(['fetch', `chordcast:${UNKNOWN_ID}?via=/ip4/nowhere`])).code, 'LINK_INVALID')
  })

  it('an unknown ID', async () => {
    const bootstrap = await peers.start(['peer']).address()
    const out = await mkdtemp(join(folder, 'out-'))
    assert.equal(
      (await failure(['fetch', UNKNOWN_ID, '--out', out, '--bootstrap', bootstrap])).code,
      'NO_HOLDERS'
    )
    assert.deepEqual(await readdir(out), [])
  })

  it('a file that is missing, empty, a folder', async () => {
    const empty = join(folder, 'empty.mp4')
    await writeFile(empty, '')
    assert.equal((await failure(['share', join(folder, 'missing.mp4')])).code, 'FILE_MISSING')
    assert.equal((await failure(['share', empty])).code, 'FILE_EMPTY')
    assert.equal((await failure(['share', folder])).code, 'FILE_NOT_REGULAR')
  })

  it('a file that may not be read', async () => {
    const locked = join(folder, 'locked.mp4')
    await writeSampleFile(locked, 1000)
    await chmod(locked, 0)
    // An administrator reads every file; a path through a file fails for everybody.
    const path = process.getuid?.() === 0 ? join(locked, 'inside.mp4') : locked
    assert.match((await failure(['share', path])).code, /^FILE_(UNREADABLE|MISSING)$/)
  })

  it('a source that changed after sharing: no chunk is sent', async () => {
    const source = join(folder, 'changing.mp4')
    await writeSampleFile(source, 900_000)
    const owner = peers.start(['share', source])
    const { link } = await owner.event('shared')
    await writeSampleFile(source, 900_000)
    const out = await mkdtemp(join(folder, 'out-'))
    const fetcher = peers.start(['fetch', String(link), '--out', out])
    const { code } = await fetcher.event('error')
    assert.equal(await fetcher.exit(), 1)
    assert.equal(code, 'NO_HOLDERS')
    assert.ok(!(await readdir(out)).includes('changing.mp4'))
    await owner.stop()
  })

  it('a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { code, message } = await failure(['peer', String(port)])
    assert.equal(code, 'PORT_IN_USE')
    assert.match(message, new RegExp(String(port)))
    server.close()
  })

  it('a bootstrap that does not answer', async () => {
    const server = createServer(socket => socket.on('error', () => socket.destroy())).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const since = performance.now()
    const { code, message } = await failure(['peer', '0', `127.0.0.1:${port}`])
    assert.equal(code, 'BOOTSTRAP_UNREACHABLE')
    assert.match(message, new RegExp(String(port)))
    assert.ok(performance.now() - since < 25_000)
    server.close()
  })

  it('a bootstrap address that is none', async () => {
    assert.equal((await failure(['peer', '0', 'nonsense'])).code, 'BOOTSTRAP_INVALID')
  })

  it('a folder that cannot be written to', async () => {
    const source = join(folder, 'unwritable.mp4')
    await writeSampleFile(source, 1000)
    const owner = peers.start(['share', source])
    const { link } = await owner.event('shared')
    const file = join(folder, 'a-file')
    await writeFile(file, '')
    assert.equal(
      (await failure(['fetch', String(link), '--out', join(file, 'x.mp4')])).code,
      'FOLDER_UNWRITABLE'
    )
    await owner.stop()
  })

  it('a folder that a newer version wrote', async () => {
    const data = peers.newDataFolder()
    await mkdir(data)
    await writeFile(join(data, 'VERSION'), '99\n')
    const peer = peers.start(['peer'], { data })
    assert.equal((await peer.event('error')).code, 'DATA_FOLDER_NEWER')
    assert.equal(await peer.exit(), 1)
  })

  for (const args of [
    ['nonsense'],
    ['fetch'],
    ['peer', '70000'],
    ['mirror', UNKNOWN_ID],
    ['fetch', UNKNOWN_ID, '--watch-only', '--out', '.'],
    ['fetch', UNKNOWN_ID, '--watch-only', '--cache-quota', '1'],
    ['share', 'x.mp4', '--policy', 'ask'],
    ['peer', '--download-limit', 'fast']
  ]) {
    it(`wrong usage: ${args.join(' ')}`, async () => {
      const peer = peers.start(args)
      assert.equal(await peer.exit(), 2)
      assert.match(peer.errors, /\w/)
    })
  }

  it('status where no peer runs', async () => {
    assert.equal((await failure(['status'])).code, 'NOT_JOINED')
  })

  it('a reader that goes away: leaves without a word', async () => {
    const peer = peers.start(['peer'])
    peer.stopReading()
    assert.equal(await peer.exit(), 130)
    assert.equal(peer.errors, '')
  })

  it('SIGTERM: leaves within 3 s with exit code 130', async () => {
    const peer = peers.start(['peer'])
    await peer.event('ring')
    const since = performance.now()
    assert.equal(await peer.stop(), 130)
    assert.ok(performance.now() - since < 3_000)
  })
})
