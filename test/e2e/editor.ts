import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Browser, BrowserContext } from 'playwright-core'
import { exitOnSignals } from '../harness/process-group.ts'
import { VsCodeServer } from '../harness/vscode-server.ts'
import { newProfile, Workbench } from '../harness/workbench.ts'

export const projectFolder = resolve(import.meta.dirname, '../..')
export const sampleVideo = fixture('sample.webm')
export const screenshotFolder = join(projectFolder, 'test-results/screenshots')
const vsix = join(projectFolder, 'dist/chordcast.vsix')

export interface EditorOptions {
  browser: Browser
  /** Folder for all that this editor and its workspace write. */
  folder: string
  settings?: Record<string, unknown>
  /** Videos in its workspace: name to path of the original. */
  files?: Record<string, string>
}

/** Path of a file that tests share. */
export function fixture(name: string): string {
  return join(projectFolder, 'test/fixtures', name)
}

exitOnSignals()

/** One person's VS Code with the built VSIX, in a browser profile of its own; its peer stays on this machine. */
export class Editor {
  readonly workspace: string
  readonly downloads: string
  readonly #profile: BrowserContext
  readonly #server: VsCodeServer
  readonly violations: string[] = []

  private constructor(folder: string, profile: BrowserContext, server: VsCodeServer) {
    this.workspace = join(folder, 'workspace')
    this.downloads = join(folder, 'downloads')
    this.#profile = profile
    this.#server = server
    profile.on('console', message => {
      if (/content security policy/i.test(message.text())) this.violations.push(message.text())
    })
  }

  static async start({ browser, folder, settings, files = {} }: EditorOptions): Promise<Editor> {
    const workspace = join(folder, 'workspace')
    await mkdir(workspace, { recursive: true })
    await writeFile(join(workspace, 'NOTES.md'), '# Notes\n')
    for (const [name, path] of Object.entries(files)) await copyFile(path, join(workspace, name))
    const onThisMachine = {
      'chordcast.host': ['127.0.0.1'],
      'chordcast.lanDiscovery': false,
      'chordcast.downloadFolder': join(folder, 'downloads')
    }
    const server = await VsCodeServer.start({
      folder: join(folder, 'vscode'),
      workspace,
      vsix,
      settings: { ...onThisMachine, ...settings }
    })
    return new Editor(folder, await newProfile(browser), server)
  }

  /** Opens a window; several share the profile, and so the peer. */
  openWindow(): Promise<Workbench> {
    return Workbench.open(this.#profile, this.#server.url)
  }

  async stop(): Promise<void> {
    await this.#profile.close()
    await this.#server.stop()
  }
}

/** Agrees to the question that comes before this machine becomes visible to others. */
export async function agreeToJoin(workbench: Workbench): Promise<void> {
  await workbench.modal().filter({ hasText: 'Join the Chordcast network?' }).waitFor()
  await workbench.pressModalButton('Join Network')
}
