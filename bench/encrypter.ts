import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type Answer, type Encrypter, TOTAL_BYTES } from './encrypter-protocol.ts'
import type { BenchContext, Benchmark, Contender, Figures, Outcome } from './harness/benchmark.ts'
import { runContest } from './harness/contest.ts'
import { judge } from './harness/judge.ts'

const PROGRAM = join(import.meta.dirname, 'encrypter-process.ts')
const GIB = 2 ** 30
/** Milliseconds for everything that a process has to say. */
const DEADLINE = 60_000
const KERNEL = 'TLS on the kernel’s socket'
const STOCK = '@libp2p/tls'
const NAMES: [string, Encrypter][] = [
  ['none (@libp2p/plaintext)', 'plaintext'],
  [STOCK, 'stock'],
  [KERNEL, 'kernel']
]

/** One libp2p stream between two processes, by connection encrypter: see docs/decisions/008. */
export const encrypter: Benchmark = {
  name: 'encrypter',
  summary: 'one libp2p stream in writes of 256 KiB, by connection encrypter',
  runs: 5,
  runsInReport: 3,
  minutes: 3,
  run: measureEncrypters
}

async function measureEncrypters(context: BenchContext): Promise<Outcome> {
  const contenders = NAMES.map(([name, kind]): Contender => ({ name, measure: () => measure(kind) }))
  const results = await runContest(contenders, context)
  const columns = [
    { figure: 'rate', title: 'MB/s', digits: 0 },
    { figure: 'cpu', title: 'CPU s for each GiB, both sides', digits: 2 }
  ]
  const bar = { contender: KERNEL, against: STOCK }
  return {
    sections: [{ title: 'One stream, one way', subject: 'encrypter', columns, results }],
    verdicts: judge(
      [
        { ...bar, claim: '≥ 1 × the rate of @libp2p/tls', figure: 'rate', least: 1 },
        { ...bar, claim: '≤ 1 × the CPU time of @libp2p/tls', figure: 'cpu', most: 1 }
      ],
      results
    ),
    notes: []
  }
}

async function measure(encrypter: Encrypter): Promise<Figures> {
  const receiver = fork(PROGRAM, ['receive', encrypter])
  const children = [receiver]
  try {
    const address = await heard(receiver)
    const sender = fork(PROGRAM, ['send', encrypter, String(address)])
    children.push(sender)
    const [received, sent] = await Promise.all([answer(receiver), answer(sender)])
    return {
      rate: TOTAL_BYTES / 1e6 / received.seconds,
      cpu: ((received.cpu + sent.cpu) * GIB) / TOTAL_BYTES
    }
  } finally {
    await Promise.all(children.map(stop))
  }
}

async function answer(child: ChildProcess): Promise<Answer> {
  return (await heard(child)) as Answer
}

async function heard(child: ChildProcess): Promise<unknown> {
  const [message] = await once(child, 'message', { signal: AbortSignal.timeout(DEADLINE) })
  return message
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.disconnect()
  await once(child, 'exit')
}
