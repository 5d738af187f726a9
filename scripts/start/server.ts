import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { VsCodeServer } from '../../test/harness/vscode-server.ts'
import { type Playground, vsix } from './playground.ts'

/** Starts VS Code for the browser on the playground. */
export function startServer(folder: string, { workspace, settings }: Playground): Promise<VsCodeServer> {
  return VsCodeServer.start({ folder: join(folder, 'vscode'), workspace, vsix, settings })
}

/** The address that opens the playground with its first page. */
export function addressOf(server: VsCodeServer, { gettingStarted }: Playground): string {
  return server.urlWith([['openFile', `vscode-remote://${server.authority}${gettingStarted}`]])
}

const openers: Partial<Record<NodeJS.Platform, [command: string, ...args: string[]]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', '""'],
  linux: ['xdg-open']
}

/** Opens an address in the user's browser, if there is a way; the address is printed in any case. */
export function openInBrowser(url: string): void {
  const [command, ...args] = openers[process.platform] ?? []
  if (!command) return
  const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true })
  child.once('error', () => console.log('No browser could be opened: open the address yourself.'))
  child.unref()
}
