import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ProcessGroup } from '../harness/process-group.ts'
import type { TestCounts } from './count-reporter.ts'
import type { Layer } from './layers.ts'

export interface LayerResult extends TestCounts {
  seconds: number
  /** Why the layer failed, beyond its failed tests. */
  problem?: string
}

type End = number | null | 'deadline' | 'interrupted'

const mocha = 'node_modules/mocha/bin/mocha.js'

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'

function programOf(layer: Layer): { command: string; args: string[] } {
  if (layer.kind === 'check') return { command: npm, args: ['run', '--silent', layer.script] }
  if (layer.kind === 'script') return { command: process.execPath, args: [layer.program] }
  const options = ['--reporter', 'test/runner/count-reporter.ts', '--timeout', `${layer.timeoutSeconds}s`]
  const { jobs = 1 } = layer
  const parallel = jobs > 1 ? ['--parallel', '--jobs', `${jobs}`] : []
  return { command: process.execPath, args: [mocha, ...options, ...parallel, layer.files] }
}

/** Ends the whole process group afterwards: a layer that hangs is a failed layer and leaves nothing behind. */
async function run(layer: Layer, countsFile: string): Promise<End> {
  const { command, args } = programOf(layer)
  const env = { ...process.env, CHORDCAST_TEST_COUNTS: countsFile }
  const group = new ProcessGroup(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env
  })
  const cut = Promise.withResolvers<End>()
  const timer = setTimeout(() => cut.resolve('deadline'), layer.deadlineSeconds * 1000)
  const interrupt = () => cut.resolve('interrupted')
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  try {
    return await Promise.race([group.exited(), cut.promise])
  } finally {
    clearTimeout(timer)
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
    await group.stop()
  }
}

async function readCounts(path: string): Promise<TestCounts | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as TestCounts
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function problemOf(layer: Layer, end: End, counts: TestCounts | undefined): string | undefined {
  if (end === 'interrupted') return 'interrupted'
  if (end === 'deadline') return `not done after ${layer.deadlineSeconds} s`
  if (layer.kind === 'check') return undefined
  if (!counts?.finished) return `ended with ${end} before all tests had their turn`
  if (counts.passed + counts.failed === 0) return 'ran no test'
  return end === 0 || counts.failed > 0 ? undefined : `ended with ${end}`
}

/** Runs one layer to its end. Whatever goes wrong beside a test counts as one failed test. */
export async function runLayer(layer: Layer): Promise<LayerResult> {
  const started = performance.now()
  const folder = await mkdtemp(join(tmpdir(), 'chordcast-layer-'))
  try {
    const end = await run(layer, join(folder, 'counts.json'))
    const reported = await readCounts(join(folder, 'counts.json'))
    const check = { passed: end === 0 ? 1 : 0, failed: typeof end === 'number' && end !== 0 ? 1 : 0 }
    const counts = layer.kind === 'check' ? check : (reported ?? { passed: 0, failed: 0 })
    const problem = problemOf(layer, end, reported)
    const seconds = (performance.now() - started) / 1000
    return {
      passed: counts.passed,
      failed: counts.failed + (problem ? 1 : 0),
      seconds,
      ...(problem && { problem })
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
