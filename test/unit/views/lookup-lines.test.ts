import assert from 'node:assert/strict'
import type { HolderSnapshot, LookupStep } from '../../../src/peer/api.ts'
import { lookupLines, lookupSummary } from '../../../src/views/commands/lookup-lines.ts'

const own = 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG'
const hop = (number: number, outcome: LookupStep['outcome'], peerId = `QmPeer${number}`): LookupStep => ({
  hop: number,
  peerId,
  outcome,
  milliseconds: 3.6
})
const holder = (peerId: string, have: number): HolderSnapshot => ({
  peerId,
  addresses: ['/ip4/192.168.1.20/tcp/4001'],
  have,
  chunks: 4
})

describe('the list of a look-up', () => {
  it('names the hops so far, and what came of each', () => {
    const lines = lookupLines([hop(1, 'failed'), hop(1, 'answered')], undefined, own)
    assert.deepEqual(
      lines.map(line => (line.kind === 'peer' ? line.description : line.label)),
      ['Hops', 'hop 1 · did not answer · 4 ms', 'hop 1 · knows peers nearer to it · 4 ms']
    )
  })

  it('names the holders below, this peer as such', () => {
    const lines = lookupLines([hop(1, 'owner')], [holder(own, 4), holder('QmOther', 1)], own)
    assert.deepEqual(
      lines.slice(2).map(line => (line.kind === 'peer' ? [line.label, line.description] : line.label)),
      ['Holders', ['$(vm) this peer', '100 % · 4 of 4 chunks'], ['$(vm) QmOther', '25 % · 1 of 4 chunks']]
    )
  })

  it('is empty before the first answer', () => {
    assert.deepEqual(lookupLines([], undefined, own), [])
  })
})

describe('the summary of a look-up', () => {
  it('counts holders, whole copies and hops', () => {
    const steps = [hop(1, 'answered'), hop(2, 'owner')]
    assert.equal(
      lookupSummary({ digest: '', steps, holders: [holder('a', 4), holder('b', 1)] }),
      '2 holders, 1 of the whole video; found in 2 hops'
    )
  })

  it('says what to do when nobody holds it', () => {
    const summary = lookupSummary({ digest: '', steps: [hop(1, 'owner')], holders: [] })
    assert.match(summary, /Ask its owner/)
  })

  it('says when this peer is the one to know', () => {
    assert.match(lookupSummary({ digest: '', steps: [], holders: [holder('a', 4)] }), /this peer itself/)
  })
})
