import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CliEvent, type CliPeer, Peers } from './cli-peer.ts'

const LOG = ['--log-level', 'info']

const names =
  (peerId: unknown) =>
  ({ successors }: CliEvent): boolean =>
    Array.isArray(successors) && successors.includes(peerId)

const isWithout =
  (peerId: unknown) =>
  (event: CliEvent): boolean =>
    !names(peerId)(event)

describe('members of a ring', () => {
  let folder: string
  let peers: Peers
  let first: CliPeer
  let bootstrap: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-membership-'))
    peers = new Peers(folder)
    first = peers.start(['peer', ...LOG])
    bootstrap = await first.address()
  })

  after(async () => {
    await peers.stopAll()
    await rm(folder, { recursive: true })
  })

  /** A peer that `first` lists, with its id. */
  async function joinAnother(): Promise<{ peer: CliPeer; peerId: unknown }> {
    const peer = peers.start(['peer', '--bootstrap', bootstrap, ...LOG])
    const { peerId } = await peer.event('listening')
    await first.event('ring', names(peerId))
    return { peer, peerId }
  }

  it('say that they are alone, or that another peer reached them', async () => {
    const alone = await first.event('ring')
    assert.equal(alone.role, 'member')
    assert.match(String(alone.roleReason), /only one/)
    const { peer } = await joinAnother()
    const { roleReason } = await peer.event('ring', ({ role }) => role === 'member')
    assert.match(String(roleReason), /reached this one/)
    await peer.logged(/info \[chord\] Joined the ring/)
    await peer.stop()
  })

  it('see who leaves, and log it', async () => {
    const { peer, peerId } = await joinAnother()
    await peer.stop()
    await first.logged(new RegExp(`Peer ${peerId} left the ring`))
    await latestRing(first, isWithout(peerId))
  })

  it('see who is killed, and log it', async () => {
    const { peer, peerId } = await joinAnother()
    await peer.kill()
    await first.logged(new RegExp(`Peer ${peerId} is gone`))
    await latestRing(first, isWithout(peerId))
  })
})

/** Resolves once the latest ring event satisfies `condition`. */
async function latestRing(peer: CliPeer, condition: (event: CliEvent) => boolean): Promise<void> {
  const isLatest = (event: CliEvent): boolean =>
    event === peer.events.findLast(other => other.event === 'ring') && condition(event)
  await peer.event('ring', isLatest)
}
