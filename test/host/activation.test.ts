import assert from 'node:assert/strict'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as vscode from 'vscode'
import { report } from './report.ts'

/** Milliseconds for loading the extension's code and running its `activate`. */
const activationBudget = 50
const extensionId = 'chordcast.chordcast'

interface Manifest {
  contributes: { commands: { command: string }[]; views: Record<string, { id: string }[]> }
}

/** VS Code's own marks in the extension host. */
interface Marks {
  getMarks(): { name: string; startTime: number }[]
}

/** Milliseconds between two of VS Code's marks about this extension. */
function betweenMarks(from: string, to: string): number {
  const { MonacoPerformanceMarks: marks } = globalThis as unknown as { MonacoPerformanceMarks: Marks }
  const at = (name: string): number => {
    const mark = marks.getMarks().find(entry => entry.name === `code/extHost/${name}/${extensionId}`)
    assert.ok(mark, `VS Code has set the mark ${name}`)
    return mark.startTime
  }
  return at(to) - at(from)
}

/**
 * Loads the built code anew, from a copy: while VS Code starts, loading waits for everything else that starts, which
 * says nothing about this extension.
 */
async function loadAlone(extensionPath: string, round: number): Promise<number> {
  const copy = join(extensionPath, `test-results/host/copy-${round}`)
  await cp(join(extensionPath, 'dist'), copy, { recursive: true })
  const started = performance.now()
  await import(pathToFileURL(join(copy, 'extension.js')).href)
  const milliseconds = performance.now() - started
  await rm(copy, { recursive: true })
  return milliseconds
}

describe('activation', () => {
  let extension: vscode.Extension<unknown>

  before(async () => {
    const found = vscode.extensions.getExtension(extensionId)
    assert.ok(found, 'the extension is there')
    extension = found
    await extension.activate()
  })

  it(`takes less than ${activationBudget} ms`, async () => {
    const loads: number[] = []
    for (let round = 0; round < 5; round++) loads.push(await loadAlone(extension.extensionPath, round))
    const load = loads.sort((a, b) => a - b)[2]!
    const call = betweenMarks('willActivateExtension', 'didActivateExtension')
    const atStart = betweenMarks('willLoadExtensionCode', 'didLoadExtensionCode')
    report(
      `      activation: ${(load + call).toFixed(1)} ms (code ${load.toFixed(1)}, activate ${call.toFixed(1)});`
    )
    report(`      loading the code took ${atStart.toFixed(1)} ms among all that VS Code starts`)
    assert.ok(load + call < activationBudget, `${(load + call).toFixed(1)} ms`)
  })

  it('registers every command that the manifest contributes', async () => {
    const registered = new Set(await vscode.commands.getCommands(true))
    const { commands } = (extension.packageJSON as Manifest).contributes
    const missing = commands.map(({ command }) => command).filter(command => !registered.has(command))
    assert.deepEqual(missing, [])
  })

  it('contributes its three views', async () => {
    const registered = new Set(await vscode.commands.getCommands(true))
    for (const view of ['videos', 'peers', 'chunks'])
      assert.ok(registered.has(`chordcast.${view}.focus`), view)
  })
})
