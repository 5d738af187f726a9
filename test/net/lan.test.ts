import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Peers } from '../process/cli-peer.ts'
import { sha256OfFile, writeSampleFile } from '../process/sample-file.ts'

const run = promisify(execFile)

const SUBNET = '10.213.47'

/** Two hosts on one LAN: network namespaces with a cable between them, which nothing else reaches. */
class Lan {
  readonly hosts: readonly [string, string]

  constructor() {
    this.hosts = [`chordcast-a-${process.pid}`, `chordcast-b-${process.pid}`]
  }

  async open(): Promise<void> {
    const [a, b] = this.hosts
    for (const host of this.hosts) await run('ip', ['netns', 'add', host])
    await run('ip', ['link', 'add', 'cca', 'netns', a, 'type', 'veth', 'peer', 'name', 'ccb', 'netns', b])
    await this.#configure(a, 'cca', `${SUBNET}.1/24`)
    await this.#configure(b, 'ccb', `${SUBNET}.2/24`)
  }

  async close(): Promise<void> {
    for (const host of this.hosts) await run('ip', ['netns', 'del', host])
  }

  async #configure(host: string, cable: string, address: string): Promise<void> {
    const ip = (...args: string[]) => run('ip', ['-n', host, ...args])
    await ip('link', 'set', 'lo', 'up')
    await ip('addr', 'add', address, 'dev', cable)
    await ip('link', 'set', cable, 'up')
    // Multicast needs a way out.
    await ip('route', 'add', 'default', 'dev', cable)
  }
}

describe('two machines on one LAN, nothing configured', function () {
  this.timeout(120_000)
  const lan = new Lan()
  let folder: string
  let peers: Peers

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-lan-'))
    peers = new Peers(folder)
    await lan.open()
  })

  after(async () => {
    await peers.stopAll()
    await lan.close()
    await rm(folder, { recursive: true })
  })

  it('announces the address on the LAN', async () => {
    const peer = peers.start(['peer'], { namespace: lan.hosts[0] })
    const { addresses } = await peer.event('listening')
    assert.ok((addresses as string[]).some(address => address.includes(`/ip4/${SUBNET}.1/tcp/`)))
    assert.equal(await peer.stop(), 130)
  })

  it('find each other by mDNS, become one ring, and fetch by ID', async () => {
    const source = join(folder, 'video.webm')
    const sha256 = await writeSampleFile(source, 3_000_000)
    const owner = peers.start(['share', source], { namespace: lan.hosts[0] })
    const { id } = await owner.event('shared')
    const member = peers.start(['peer'], { namespace: lan.hosts[1] })
    await member.event('ring', ({ successors }) => (successors as string[]).length === 1)

    const out = join(folder, 'fetched.webm')
    const data = peers.newDataFolder()
    await member.stop()
    const fetcher = peers.start(['fetch', String(id), '--out', out], { namespace: lan.hosts[1], data })
    await fetcher.event('complete')
    assert.equal(await fetcher.exit(), 0)
    assert.equal(await sha256OfFile(out), sha256)
    assert.equal(await owner.stop(), 130)
  })

  it('fetch by link across the cable', async () => {
    const source = join(folder, 'linked.webm')
    const sha256 = await writeSampleFile(source, 1_000_000)
    const owner = peers.start(['share', source, '--no-mdns'], { namespace: lan.hosts[0] })
    const { link } = await owner.event('shared')
    assert.match(String(link), new RegExp(`via=/ip4/${SUBNET.replaceAll('.', '\\.')}\\.1/`))
    const out = join(folder, 'by-link.webm')
    const fetcher = peers.start(['fetch', String(link), '--out', out, '--no-mdns'], {
      namespace: lan.hosts[1]
    })
    await fetcher.event('complete')
    assert.equal(await fetcher.exit(), 0)
    assert.equal(await sha256OfFile(out), sha256)
  })
})
