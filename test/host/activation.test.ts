import assert from 'node:assert/strict'
import * as vscode from 'vscode'
import { report } from './report.ts'

/** Milliseconds. */
const activationBudget = 50
const extensionId = 'chordcast.chordcast'

interface Manifest {
  contributes: { commands: { command: string }[]; views: Record<string, { id: string }[]> }
}

describe('activation', () => {
  let extension: vscode.Extension<unknown>

  before(() => {
    const found = vscode.extensions.getExtension(extensionId)
    assert.ok(found, 'the extension is there')
    extension = found
  })

  it(`takes less than ${activationBudget} ms`, async () => {
    // The file is read once before: what counts is our code, not the disk of a machine that was just started.
    const asked = performance.now()
    await extension.activate()
    const milliseconds = performance.now() - asked
    report(`      activation: ${milliseconds.toFixed(1)} ms`)
    assert.ok(extension.isActive)
    assert.ok(milliseconds < activationBudget, `${milliseconds.toFixed(1)} ms`)
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
