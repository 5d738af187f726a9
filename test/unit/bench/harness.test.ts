import assert from 'node:assert/strict'
import { rotated, runContest } from '../../../bench/harness/contest.ts'
import { judge } from '../../../bench/harness/judge.ts'
import { parseEvent } from '../../../bench/harness/line-process.ts'
import { parseCpuSeconds, parseMegabytes } from '../../../bench/harness/process-meter.ts'
import { medianInterval, spreadOf } from '../../../bench/harness/statistics.ts'
import { plainTable, tableRows } from '../../../bench/harness/table.ts'
import { bencode } from '../../../bench/rivals/torrent-file.ts'

const quiet = { runs: 2, progress: () => undefined }

describe('bench harness', () => {
  it('tells medians and spreads', () => {
    assert.deepEqual(spreadOf([3, 1, 2]), { median: 2, least: 1, most: 3 })
    assert.equal(spreadOf([]), undefined)
  })

  it('bounds a median of 20 values by the 6th and the 15th', () => {
    const values = Array.from({ length: 20 }, (_, index) => index + 1)
    assert.deepEqual(medianInterval(values), [6, 15])
    assert.deepEqual(medianInterval([2, 1, 3]), [1, 3])
    assert.deepEqual(medianInterval([6, 5, 4, 3, 2, 1]), [1, 6])
  })

  it('lets everybody begin in turn, and goes on after a failure', async () => {
    const order: string[] = []
    const results = await runContest(
      [
        { name: 'a', measure: async run => ({ figure: order.push(`a${run}`) }) },
        {
          name: 'b',
          measure: async run => {
            order.push(`b${run}`)
            if (run === 0) throw new Error('no luck')
            return { figure: 7 }
          }
        }
      ],
      quiet,
      0
    )
    assert.deepEqual(order, ['a0', 'b0', 'b1', 'a1'])
    assert.deepEqual(results[1], { name: 'b', runs: [undefined, { figure: 7 }], failures: ['no luck'] })
    assert.deepEqual(rotated(3, 2), [2, 0, 1])
  })

  it('judges ratios run by run, and only of those who took part', () => {
    const results = [
      { name: 'ours', runs: [{ rate: 10 }, { rate: 30 }], failures: [] },
      { name: 'theirs', runs: [{ rate: 5 }, { rate: 10 }], failures: [] }
    ]
    const bar = { claim: 'faster', contender: 'ours', figure: 'rate', least: 2.6 }
    assert.deepEqual(judge([{ ...bar, against: 'theirs' }], results), [
      { claim: 'faster', measured: { median: 2.5, least: 2, most: 3 }, holds: false }
    ])
    assert.deepEqual(judge([{ ...bar, against: 'absent' }], results), [])
  })

  it('leaves out columns that nobody has a figure for', () => {
    const columns = [
      { figure: 'rate', title: 'MB/s', digits: 1 },
      { figure: 'none', title: 'nothing', digits: 1 }
    ]
    const results = [
      { name: 'ours', runs: [{ rate: 1 }, { rate: 2 }], failures: [] },
      { name: 'theirs', runs: [undefined], failures: ['gone'] }
    ]
    const rows = tableRows({ title: '', subject: 'system', columns, results })
    assert.deepEqual(rows, [
      ['system', 'MB/s'],
      ['ours', '1.5 (1.0–2.0)'],
      ['theirs', 'failed']
    ])
    assert.equal(plainTable(rows), 'system  MB/s\nours    1.5 (1.0–2.0)\ntheirs  failed')
  })

  it('reads what the kernel tells of a process', () => {
    const stat = `7 (a) b) S 1 7 7 0 -1 4194304 9 0 0 0 150 25 0 0 20 0 1 0 9 9 9`
    assert.equal(parseCpuSeconds(stat), 1.75)
    assert.ok(Number.isNaN(parseCpuSeconds('')))
    assert.equal(parseMegabytes('VmPeak:\t 9 kB\nVmHWM:\t    1000 kB\n', 'VmHWM'), 1.024)
    assert.ok(Number.isNaN(parseMegabytes('', 'VmHWM')))
  })

  it('takes lines that are events, and nothing else', () => {
    assert.deepEqual(parseEvent('{"event":"ready","port":1}', 5), { event: 'ready', port: 1, at: 5 })
    for (const line of ['ready', '{"port":1}', '{broken', '']) assert.equal(parseEvent(line), undefined)
  })

  it('writes torrents as BEP 3 says', () => {
    const text = bencode({ a: 1, b: 'zwei', c: Buffer.from([1]), d: { e: 0 } })
    assert.equal(text.toString('latin1'), 'd1:ai1e1:b4:zwei1:c1:\u00011:dd1:ei0eee')
  })
})
