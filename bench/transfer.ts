import type {
  Bar,
  BenchContext,
  Benchmark,
  Column,
  Contender,
  Figures,
  Outcome
} from './harness/benchmark.ts'
import { chordcastWith } from './harness/chordcast.ts'
import { runContest } from './harness/contest.ts'
import { judge } from './harness/judge.ts'
import { measureSwarm, type SwarmMeasured } from './harness/measure-swarm.ts'
import type { TransferSystem } from './harness/transfer-system.ts'
import { whoIsHere } from './harness/who-is-here.ts'
import { aria2 } from './rivals/aria2.ts'
import { libtorrent, libtorrentRc4 } from './rivals/libtorrent.ts'
import { tlsCopy } from './rivals/tls-copy.ts'
import { webtorrent } from './rivals/webtorrent.ts'

const MEBIBYTES = 512
const DEADLINE = 120_000

const COLUMNS: Column[] = [
  { figure: 'rate', title: 'MB/s', digits: 0 },
  { figure: 'seconds', title: 'seconds', digits: 2 },
  { figure: 'cpu', title: 'CPU s', digits: 2 },
  { figure: 'seederCpu', title: 'of it seeder', digits: 2 },
  { figure: 'seederPeak', title: 'seeder peak MB', digits: 0 },
  { figure: 'seederOwn', title: 'of it own', digits: 0 },
  { figure: 'fetcherPeak', title: 'fetcher peak MB', digits: 0 },
  { figure: 'fetcherOwn', title: 'of it own', digits: 0 },
  { figure: 'eventLoop', title: 'event loop p99 ms', digits: 1 }
]

const chordcast = chordcastWith({ eventLoop: true })
const OURS = chordcast.name
const BARS: Bar[] = [
  rate('≥ 0.75 × the rate of node:tls + SHA-256', tlsCopy, 0.75),
  rate('≥ 1.0 × the rate of libtorrent, plain', libtorrent, 1),
  rate('≥ 2.2 × the rate of libtorrent with its encryption', libtorrentRc4, 2.2),
  rate('≥ 2 × the rate of WebTorrent, plain', webtorrent, 2),
  {
    claim: '≤ 1.8 × the CPU time of node:tls + SHA-256, both sides',
    contender: OURS,
    figure: 'cpu',
    against: tlsCopy.name,
    most: 1.8
  },
  { claim: 'seeder’s peak memory < 250 MB', contender: OURS, figure: 'seederPeak', most: 250 },
  { claim: 'fetcher’s peak memory < 250 MB', contender: OURS, figure: 'fetcherPeak', most: 250 }
]

function rate(claim: string, { name }: TransferSystem, least: number): Bar {
  return { claim, contender: OURS, figure: 'rate', against: name, least }
}

/** One seeder, one fetcher, by link. */
export const transfer: Benchmark = {
  name: 'transfer',
  summary: `${MEBIBYTES} MiB from one process to another, against node:tls + SHA-256, libtorrent, WebTorrent, aria2`,
  runs: 5,
  minutes: 7,
  run: measureTransfer
}

async function measureTransfer(context: BenchContext): Promise<Outcome> {
  const mebibytes = context.mebibytes ?? MEBIBYTES
  const file = await context.scratch.sample(mebibytes)
  const { here, notes } = await whoIsHere([chordcast, tlsCopy, libtorrent, libtorrentRc4, webtorrent, aria2])
  const contenders = here.map(
    (system): Contender => ({
      name: system.name,
      measure: async () => {
        const plan = { file, fetchers: 1, deadline: DEADLINE }
        return figuresOf(await measureSwarm(system, context.scratch, plan), file.bytes)
      }
    })
  )
  const results = await runContest(contenders, context)
  return {
    sections: [{ title: `${mebibytes} MiB, one to one`, subject: 'system', columns: COLUMNS, results }],
    verdicts: judge(BARS, results),
    notes: [...HOW, ...notes]
  }
}

const HOW = [
  'The clock runs from the fetcher’s `listening` (others: from the order to an idle process) until the file is checked, on disk and fsynced: by chordcast itself before `complete`, by the benchmark right after the others’ end.',
  'Peak memory counts file pages that a process maps, which is most of what libtorrent shows; its own part leaves them out.'
]

function figuresOf(measured: SwarmMeasured, bytes: number): Figures {
  const { seconds, seeder, fetchers, eventLoop } = measured
  const [fetcher] = fetchers
  return {
    rate: bytes / 1e6 / seconds,
    seconds,
    cpu: seeder.cpuSeconds + (fetcher?.cpuSeconds ?? Number.NaN),
    seederCpu: seeder.cpuSeconds,
    seederPeak: seeder.peakMegabytes,
    seederOwn: seeder.ownMegabytes,
    fetcherPeak: fetcher?.peakMegabytes ?? Number.NaN,
    fetcherOwn: fetcher?.ownMegabytes ?? Number.NaN,
    eventLoop
  }
}
