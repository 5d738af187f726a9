import { glob } from 'node:fs/promises'
import type { TestCounts } from './runner/count-reporter.ts'
import { layers } from './runner/layers.ts'
import { runLayer } from './runner/run-layer.ts'

/** A test file that no layer runs would rot unseen. */
async function unclaimedTestFiles(): Promise<string[]> {
  const files = new Set<string>()
  for await (const file of glob('test/**/*.{test,sim,fuzz,flow,spec}.{ts,mts,js,mjs}')) files.add(file)
  const claimed = layers.flatMap(layer => (layer.kind === 'check' ? [] : [layer.files]))
  for (const pattern of claimed) for await (const file of glob(pattern)) files.delete(file)
  return [...files].sort()
}

function chosenLayers(names: readonly string[]) {
  const unknown = names.filter(name => !layers.some(layer => layer.name === name))
  if (unknown.length > 0)
    throw new Error(
      `No such layer: ${unknown.join(', ')}. Layers: ${layers.map(layer => layer.name).join(', ')}`
    )
  return layers.filter(layer => (names.length === 0 ? !layer.byName : names.includes(layer.name)))
}

async function main(names: readonly string[]): Promise<void> {
  const total: TestCounts = { passed: 0, failed: 0 }
  const summary: string[] = []
  for (const layer of chosenLayers(names)) {
    console.log(`\n=== ${layer.name}`)
    const { passed, failed, seconds, problem } = await runLayer(layer)
    total.passed += passed
    total.failed += failed
    const line = `${layer.name.padEnd(8)} ${passed} passed, ${failed} failed, ${seconds.toFixed(1)} s`
    summary.push(problem ? `${line} (${problem})` : line)
  }
  for (const file of names.length === 0 ? await unclaimedTestFiles() : []) {
    total.failed++
    summary.push(`${file} belongs to no layer of tests (test/runner/layers.ts)`)
  }
  console.log(`\n${summary.join('\n')}\n${total.passed} passed, ${total.failed} failed`)
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
}

await main(process.argv.slice(2))
