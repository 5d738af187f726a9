import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Bar, BenchContext, Benchmark, Contender, Figures, Outcome } from './harness/benchmark.ts'
import { ChordcastSeeder, startChordcast } from './harness/chordcast.ts'
import { runContest } from './harness/contest.ts'
import { judge } from './harness/judge.ts'
import { ProcessMeter } from './harness/process-meter.ts'
import { MIB, type SampleFile } from './harness/scratch.ts'

const MEBIBYTES = 5 * 1024
/** Bytes per second: at this rate the whole would take more than four minutes. */
const UPLOAD_LIMIT = 20 * MIB
/** Bytes that are read at each place, and milliseconds that the player stays afterwards. */
const READ_BYTES = 16 * MIB
const STAY = 500
const DEADLINE = 60_000

const BARS: Bar[] = [
  { claim: 'memory grows by less than 100 MB', contender: 'chordcast', figure: 'growth', most: 100 },
  { claim: 'the end comes without what lies before', contender: 'chordcast', figure: 'end', most: 1 }
]

/** A very large video, watched at its start, middle and end while it arrives. */
export const large: Benchmark = {
  name: 'large',
  summary: `memory and seeks while watching start, middle and end of a sparse ${MEBIBYTES / 1024} GiB file`,
  runs: 1,
  minutes: 3,
  run: measureLarge
}

async function measureLarge(context: BenchContext): Promise<Outcome> {
  const mebibytes = context.mebibytes ?? MEBIBYTES
  const contender: Contender = { name: 'chordcast', measure: () => watchOnce(context, mebibytes) }
  const results = await runContest([contender], context)
  const columns = [
    { figure: 'growth', title: 'memory growth MB', digits: 0 },
    { figure: 'start', title: 'first byte s', digits: 2 },
    { figure: 'middle', title: 'middle s', digits: 2 },
    { figure: 'end', title: 'end s', digits: 2 }
  ]
  const title = `${mebibytes} MiB from a seeder held to ${UPLOAD_LIMIT / MIB} MiB/s`
  return {
    sections: [{ title, subject: 'program', columns, results }],
    verdicts: judge(BARS, results),
    notes: [
      'Memory is what the fetching process has of its own, at its most, above what it had before the player came.'
    ]
  }
}

async function watchOnce({ scratch, progress }: BenchContext, mebibytes: number): Promise<Figures> {
  const folder = await scratch.newFolder()
  progress(`encrypting and hashing ${mebibytes} MiB`)
  const file = await sparseFile(folder, mebibytes * MIB)
  const seeder = await ChordcastSeeder.start(file, { folder, uploadLimit: UPLOAD_LIMIT })
  const fetching = ['fetch', seeder.address, '--watch', '--out', `${folder}/out/`]
  const fetcher = startChordcast(join(folder, 'viewer'), fetching)
  try {
    const url = String((await fetcher.event('stream', DEADLINE)).url)
    const { ownMegabytes: before } = await new ProcessMeter(fetcher.pid).end()
    const meter = new ProcessMeter(fetcher.pid)
    const start = await watch(url, 0)
    const middle = await watch(url, Math.floor(file.bytes / 2))
    const end = await watch(url, file.bytes - READ_BYTES)
    const { ownMegabytes } = await meter.end()
    return { growth: ownMegabytes - before, start, middle, end }
  } finally {
    await Promise.all([fetcher.stop(), seeder.stop()])
    await scratch.remove(folder)
  }
}

async function sparseFile(folder: string, bytes: number): Promise<SampleFile> {
  const path = join(folder, 'large.mkv')
  const handle = await open(path, 'w')
  await handle.truncate(bytes)
  await handle.close()
  return { path, name: 'large.mkv', folder, bytes, sha256: '' }
}

/** Seconds to the first byte at a place; then plays on for a while, and lets go. */
async function watch(url: string, place: number): Promise<number> {
  const since = performance.now()
  const headers = { range: `bytes=${place}-${place + READ_BYTES - 1}` }
  const request = get(url, { headers, signal: AbortSignal.timeout(DEADLINE) })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let first: number | undefined
  for await (const _block of response) first ??= (performance.now() - since) / 1000
  await delay(STAY)
  return first ?? Number.NaN
}
