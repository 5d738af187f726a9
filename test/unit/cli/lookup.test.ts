import assert from 'node:assert/strict'
import { runLookup } from '../../../src/cli/commands/lookup.ts'
import { humanReport, jsonReport, type Report, type Streams } from '../../../src/cli/report.ts'
import type { LookupResult, LookupStep, RingSnapshot } from '../../../src/peer/api.ts'
import { DIGEST, FakePeer } from '../control/fake-peer.ts'

const STEPS: LookupStep[] = [
  { hop: 1, peerId: 'QmOne', outcome: 'answered', milliseconds: 3.4 },
  { hop: 2, peerId: 'QmTwo', outcome: 'owner', milliseconds: 1 }
]
const RESULT: LookupResult = {
  digest: DIGEST,
  steps: STEPS,
  holders: [{ peerId: 'QmHolder', addresses: ['/ip4/127.0.0.1/tcp/1'], have: 3, chunks: 4 }]
}
const RING: RingSnapshot = {
  name: 'public',
  role: 'client',
  roleReason: 'This peer does not stay.',
  position: '00'.repeat(32),
  estimatedSize: 3,
  successors: ['QmOne'],
  fingers: [],
  records: 0
}

describe('chordcast lookup', () => {
  let peer: FakePeer
  let output: string[]
  let meanwhile: string[]

  beforeEach(() => {
    peer = new FakePeer()
    output = []
    meanwhile = []
    peer.answers.status = async () => ({ ...(await new FakePeer().status()), ring: RING })
    peer.answers.lookup = async (_id, options) => {
      for (const step of STEPS) {
        peer.events.emit('lookupStep', { name: options?.name ?? '', step })
        meanwhile.push(output.at(-1) ?? '')
      }
      return RESULT
    }
  })

  async function run(report: (streams: Streams) => Report): Promise<void> {
    const write = (line: string): number => output.push(line.trimEnd())
    const { signal } = new AbortController()
    const session = { api: peer, signal, borrowed: true, listeningSince: 0 }
    await runLookup({ ...session, report: report({ stdout: { write }, stderr: { write } }) }, 'bafyfake')
  }

  it('prints a line for each hop while it happens, then the whole', async () => {
    await run(jsonReport)
    assert.deepEqual(
      meanwhile.map(line => JSON.parse(line)),
      STEPS.map(step => ({ event: 'hop', ...step }))
    )
    assert.deepEqual(JSON.parse(output.at(-1) ?? ''), { event: 'lookup', ...RESULT })
  })

  it('says first where this peer stands in its ring', async () => {
    await run(jsonReport)
    assert.deepEqual(JSON.parse(output[0] ?? ''), { event: 'ring', ...RING })
  })

  it('tells people the same, each hop once', async () => {
    await run(humanReport)
    assert.deepEqual(output, [
      'hop 1  QmOne  answered, 3 ms',
      'hop 2  QmTwo  owner, 1 ms',
      'Holders:\nQmHolder  3/4 chunks'
    ])
  })
})
