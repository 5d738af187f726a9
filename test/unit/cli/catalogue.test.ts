import assert from 'node:assert/strict'
import { runCatalogue } from '../../../src/cli/commands/catalogue.ts'
import { humanReport, jsonReport, type Report, type Streams } from '../../../src/cli/report.ts'
import type { CatalogueEntry } from '../../../src/peer/api.ts'
import { FakePeer } from '../control/fake-peer.ts'

const ENTRY: CatalogueEntry = { id: 'bafyfake', name: 'demo.webm', bytes: 3, peerId: 'QmFake' }

describe('chordcast catalogue', () => {
  async function run(report: (streams: Streams) => Report, entries: CatalogueEntry[]): Promise<string[]> {
    const output: string[] = []
    const write = (line: string): number => output.push(line.trimEnd())
    const peer = new FakePeer()
    peer.catalogue = async () => entries
    const { signal } = new AbortController()
    const session = { api: peer, signal, borrowed: true, listeningSince: 0 }
    await runCatalogue({ ...session, report: report({ stdout: { write }, stderr: { write } }) })
    return output
  }

  it('prints one line for programs', async () => {
    const [line = ''] = await run(jsonReport, [ENTRY])
    assert.deepEqual(JSON.parse(line), { event: 'catalogue', videos: [ENTRY] })
  })

  it('tells people what to fetch, or that there is nothing', async () => {
    assert.deepEqual(await run(humanReport, [ENTRY]), ['demo.webm  3 bytes  listed by QmFake\n  bafyfake'])
    assert.deepEqual(await run(humanReport, []), ['Nobody in this ring lists a video.'])
  })
})
