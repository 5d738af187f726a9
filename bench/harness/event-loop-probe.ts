// Loaded into a measured process by `--import`: writes the 99th percentile of its event loop's delay, in milliseconds, to the
// file that CHORDCAST_BENCH_EVENT_LOOP names, when the process ends.
import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const path = process.env.CHORDCAST_BENCH_EVENT_LOOP
if (path) {
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  process.once('exit', () => writeFileSync(path, String(delays.percentile(99) / 1e6)))
}
