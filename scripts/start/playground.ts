import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { CliPeer } from '../../test/process/cli-peer.ts'

export const projectFolder = resolve(import.meta.dirname, '../..')
export const vsix = join(projectFolder, 'dist/chordcast.vsix')

/** What the second peer shares. */
export interface SharedSample {
  id: string
  link: string
  /** `127.0.0.1:port` of the peer. */
  address: string
}

export interface Playground {
  workspace: string
  gettingStarted: string
  settings: Record<string, unknown>
}

/** Where the second peer's video lies: not in the workspace, so that fetching it is real. */
export async function placeSample(folder: string): Promise<string> {
  const path = join(folder, 'second-peer/sample.webm')
  await mkdir(join(folder, 'second-peer'), { recursive: true })
  await copyFile(join(projectFolder, 'test/fixtures/sample.webm'), path)
  return path
}

/** Waits until the peer shares its video. */
export async function sharedSample(peer: CliPeer): Promise<SharedSample> {
  const multiaddr = await peer.address()
  const { id, link } = await peer.event('shared')
  const port = /\/tcp\/(\d+)/.exec(multiaddr)?.[1]
  return { id: String(id), link: String(link), address: `127.0.0.1:${port}` }
}

/** Makes the sample workspace, with a page that leads through it, and the settings for it. */
export async function createPlayground(folder: string, sample: SharedSample): Promise<Playground> {
  const workspace = join(folder, 'playground')
  await mkdir(workspace, { recursive: true })
  await copyFile(join(projectFolder, 'test/fixtures/sample.webm'), join(workspace, 'my-recording.webm'))
  const gettingStarted = join(workspace, 'GETTING-STARTED.md')
  await writeFile(gettingStarted, gettingStartedText(sample))
  return { workspace, gettingStarted, settings: settingsFor(folder, sample) }
}

function settingsFor(folder: string, { address }: SharedSample): Record<string, unknown> {
  return {
    'chordcast.host': ['127.0.0.1'],
    'chordcast.lanDiscovery': false,
    'chordcast.bootstrap': [address],
    'chordcast.downloadFolder': join(folder, 'downloads'),
    'editor.wordWrap': 'on',
    'editor.minimap.enabled': false
  }
}

function gettingStartedText({ id, link, address }: SharedSample): string {
  return `# Getting started with Chordcast

A second peer runs on this machine, at \`${address}\`, and shares a video. Nothing here leaves your machine: both peers
listen on 127.0.0.1 only.

## Fetch and watch

1. Copy this ID:

   \`\`\`
   ${id}
   \`\`\`

2. Press F1 and run **Chordcast: Fetch Video by ID…**. The ID is filled in from the clipboard; press Enter.
3. Agree to join the network. The player opens as soon as the first chunks are here.

This link does the same, and needs no setting to find the other peer:

\`\`\`
${link}
\`\`\`

## Share

Right-click \`my-recording.webm\` in the explorer and choose **Share Video…**. Whoever has its ID can fetch it, for
instance in a terminal, in the project's folder:

\`\`\`sh
node dist/cli.js fetch <ID> --host 127.0.0.1 --bootstrap ${address}
\`\`\`

## Look around

The Chordcast icon in the activity bar shows *Videos*, *Peers* and the *Chunks* of the selected video.
`
}
