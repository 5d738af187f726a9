import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CliEvent, type CliPeer, Peers } from './cli-peer.ts'
import { writeSampleFile } from './sample-file.ts'

const RING_FIELDS = ['name', 'role', 'roleReason', 'position', 'estimatedSize', 'successors', 'fingers']

describe('what the command line shows of the ring', function () {
  this.timeout(60_000)
  let folder: string
  let peers: Peers
  let first: CliPeer
  let firstData: string
  let bootstrap: string
  let id: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-lookup-'))
    peers = new Peers(folder)
    firstData = peers.newDataFolder()
    first = peers.start(['peer'], { data: firstData })
    bootstrap = await first.address()
    const source = join(folder, 'looked-up.webm')
    await writeSampleFile(source, 300_000)
    const sharer = peers.start(['share', source, '--bootstrap', bootstrap])
    id = String((await sharer.event('shared')).id)
    await first.event('ring', ring => Number(ring.estimatedSize) === 2 && Number(ring.records) >= 1)
  })

  after(async () => {
    await peers.stopAll()
    await rm(folder, { recursive: true })
  })

  /** Names of the events, in order, a run of the same name once. */
  function order(events: readonly CliEvent[]): string[] {
    return events.map(({ event }) => event).filter((name, index, all) => name !== all[index - 1])
  }

  it('tells the whole of it each time that it changes', async () => {
    const ring = await first.event('ring', ({ predecessor }) => predecessor !== undefined)
    for (const field of [...RING_FIELDS, 'records']) assert.ok(field in ring, field)
    assert.equal(ring.role, 'member')
    assert.match(String(ring.roleReason), /\.$/)
    assert.match(String(ring.position), /^[0-9a-f]{64}$/)
    assert.deepEqual(ring.successors, [ring.predecessor])
  })

  it('shows role and reason of a running peer', async () => {
    const status = peers.start(['status'], { data: firstData })
    const { ring } = (await status.event('status')) as unknown as { ring: Record<string, unknown> }
    assert.equal(ring.role, 'member')
    assert.ok(String(ring.roleReason).length > 0)
  })

  it('prints the hops of a look-up before what it found', async () => {
    const looker = peers.start(['lookup', id, '--bootstrap', bootstrap])
    assert.equal(await looker.exit(), 0, looker.errors)
    assert.deepEqual(order(looker.events), ['listening', 'ring', 'hop', 'lookup'])
    const { steps, holders } = await looker.event('lookup')
    const hops = looker.events.filter(({ event }) => event === 'hop').map(({ event: _, ...step }) => step)
    assert.deepEqual(hops, steps)
    assert.equal(hops.at(-1)?.outcome, 'owner')
    assert.equal((holders as unknown[]).length, 1)
    assert.equal((await looker.event('ring')).role, 'client')
  })

  it('looks up through the peer that runs in the data folder', async () => {
    const looker = peers.start(['lookup', id], { data: firstData })
    assert.equal(await looker.exit(), 0, looker.errors)
    const { steps, holders } = await looker.event('lookup')
    const hops = looker.events.filter(({ event }) => event === 'hop').map(({ event: _, ...step }) => step)
    assert.deepEqual(hops, steps)
    assert.equal((holders as unknown[]).length, 1)
    assert.equal((await looker.event('ring')).role, 'member')
  })
})
