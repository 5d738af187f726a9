import { execFile } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { codeServer } from './code-server.ts'
import { freePort } from './free-port.ts'
import { ProcessGroup } from './process-group.ts'

const run = promisify(execFile)

export interface VsCodeServerOptions {
  /** Folder for everything that this VS Code writes; made if missing. */
  folder: string
  /** Opened in the workbench. */
  workspace: string
  settings?: Record<string, unknown>
  /** Path of a VSIX to install before the start. */
  vsix?: string
  /** Needed for tests inside the extension host; VS Code then shows no notifications. */
  smokeTestDriver?: boolean
  /** Variables that the extension host sees beside the user's. */
  env?: Record<string, string>
  /** 0 or absent: a free one. */
  port?: number
}

/** What any test wants out of its way: welcome page, chat, updates, recommendations. */
const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.tips.enabled': false,
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'git.enabled': false
}

/** A real VS Code, served to browsers on loopback, with folders of its own. */
export class VsCodeServer {
  readonly url: string
  readonly authority: string
  readonly folder: string
  readonly #workspace: string
  readonly #group: ProcessGroup

  private constructor(options: VsCodeServerOptions, port: number, group: ProcessGroup) {
    this.authority = `127.0.0.1:${port}`
    this.folder = options.folder
    this.#workspace = options.workspace
    this.#group = group
    this.url = this.urlWith([])
  }

  /** Writes the settings, installs the VSIX, starts the server and waits until it answers (about 1 s). */
  static async start(options: VsCodeServerOptions): Promise<VsCodeServer> {
    const { node, entry } = await codeServer()
    const userData = join(options.folder, 'user-data')
    const shared = ['--user-data-dir', userData, '--extensions-dir', join(options.folder, 'extensions')]
    await writeSettings(options.folder, options.settings)
    await mkdir(join(options.folder, 'home'), { recursive: true })
    const env = environmentOfUser(options.folder, options.env)
    if (options.vsix) await installExtension(options.vsix, node, [entry, ...shared], env)
    const port = options.port || (await freePort())
    const args = [entry, ...shared, '--config', join(options.folder, 'config.yaml'), ...serverFlags(port)]
    if (options.smokeTestDriver) args.push('--vscode-option', 'enable-smoke-test-driver')
    const group = new ProcessGroup(node, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
    const log = createWriteStream(join(options.folder, 'server.log'))
    group.child.stdout?.pipe(log, { end: false })
    group.child.stderr?.pipe(log, { end: false })
    const server = new VsCodeServer(options, port, group)
    await server.#ready()
    return server
  }

  /** The address of the workbench, with start options as VS Code's own test harness passes them. */
  urlWith(payload: readonly (readonly [key: string, value: string])[]): string {
    const query = new URLSearchParams({ folder: this.#workspace })
    if (payload.length > 0) query.set('payload', JSON.stringify(payload))
    // VS Code decodes %20, but takes the form encoding's + for a plus sign.
    return `http://${this.authority}/?${query.toString().replaceAll('+', '%20')}`
  }

  async #ready(): Promise<void> {
    const deadline = AbortSignal.timeout(30_000)
    while (this.#group.running) {
      const answer = await fetch(`http://${this.authority}/healthz`, { signal: deadline }).catch(
        () => undefined
      )
      if (answer?.ok) return
      if (deadline.aborted) break
      await delay(100)
    }
    await this.stop()
    throw new Error(`VS Code's server did not start: see ${join(this.folder, 'server.log')}`)
  }

  /** Ends the server, its extension hosts and all that they started. */
  async stop(): Promise<void> {
    await this.#group.stop()
  }

  /** Ends the server and deletes what it wrote. */
  async dispose(): Promise<void> {
    await this.stop()
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

// A server reads settings of scope "machine" from its own file, all others from the user's.
async function writeSettings(folder: string, settings: Record<string, unknown> = {}): Promise<void> {
  const text = JSON.stringify({ ...quietSettings, ...settings }, null, 2)
  for (const place of ['User', 'Machine']) {
    const settingsFolder = join(folder, 'user-data', place)
    await mkdir(settingsFolder, { recursive: true })
    await writeFile(join(settingsFolder, 'settings.json'), text)
  }
}

async function installExtension(vsix: string, node: string, args: string[], env: NodeJS.ProcessEnv) {
  await run(node, [...args, '--install-extension', vsix], { env, timeout: 120_000 }).catch(
    (error: Error & { stderr?: string }) => {
      // Before the reason come pages about native modules that this build does without.
      throw new Error(`VS Code did not install ${vsix}: ${(error.stderr ?? error.message).slice(-500)}`)
    }
  )
}

function serverFlags(port: number): string[] {
  const quiet = ['--disable-workspace-trust', '--disable-telemetry', '--disable-update-check']
  // A closed window ends its extension host after this many seconds, as closing a desktop window does at once.
  const grace = ['--reconnection-grace-time', '1']
  return ['--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, ...grace, ...quiet]
}

/** A user's environment without this project's npm variables, and with a home of its own. */
function environmentOfUser(folder: string, more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const foreign = /^(npm_|NODE_OPTIONS$|VSCODE_|XDG_(CONFIG|DATA|STATE|CACHE)_HOME$)/i
  const kept = Object.entries(process.env).filter(([key]) => !foreign.test(key))
  return { ...Object.fromEntries(kept), HOME: join(folder, 'home'), ...more }
}
