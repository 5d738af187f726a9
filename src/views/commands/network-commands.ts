import * as vscode from 'vscode'
import { describeAddress } from '../../shared/format.ts'
import { commands, views } from '../ids.ts'
import type { Services } from '../services.ts'
import type { Command } from './command.ts'

const briefly = 4000

/** Joining, leaving, and the address by which others can join. */
export function networkCommands(services: Services): Command[] {
  return [
    { id: commands.joinNetwork, run: () => joinNetwork(services) },
    { id: commands.leaveNetwork, run: () => leaveNetwork(services) },
    { id: commands.copyAddress, run: () => copyAddress(services) }
  ]
}

async function joinNetwork({ controller }: Services): Promise<void> {
  if (controller.state === 'joined') {
    vscode.window.setStatusBarMessage('Chordcast is in the network already.', briefly)
    return
  }
  await vscode.window.withProgress({ location: { viewId: views.videos } }, () => controller.join())
}

async function leaveNetwork({ controller }: Services): Promise<void> {
  if (controller.state === 'stopped') {
    vscode.window.setStatusBarMessage('Chordcast is not in the network.', briefly)
    return
  }
  const progress = { location: vscode.ProgressLocation.Window, title: 'Leaving the Chordcast network' }
  await vscode.window.withProgress(progress, () => controller.leave())
}

async function copyAddress({ controller }: Services): Promise<void> {
  if (!(await controller.join())) return
  const addresses = controller.model.status?.addresses ?? []
  const address = await chooseAddress(addresses)
  if (address === undefined) return
  await vscode.env.clipboard.writeText(address)
  vscode.window.setStatusBarMessage(`Address ${describeAddress(address)} copied.`, briefly)
}

async function chooseAddress(addresses: readonly string[]): Promise<string | undefined> {
  if (addresses.length === 0) {
    void vscode.window.showInformationMessage('This peer has no address that others could dial yet.')
    return undefined
  }
  const items = addresses.map(address => ({ label: describeAddress(address), detail: address, address }))
  const placeHolder = 'Others join by this address: they add it to their setting “Bootstrap”'
  return (await vscode.window.showQuickPick(items, { title: 'Copy Own Address', placeHolder }))?.address
}
