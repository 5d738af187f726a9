import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, npmInstall } from './cache.ts'

const version = '4.139.1'

/** VS Code as a server for browsers: the real workbench and extension host, obtainable from npm. */
export interface CodeServer {
  node: string
  entry: string
  /** Version of VS Code in it. */
  vscodeVersion: string
}

async function install(folder: string): Promise<void> {
  console.log(`Installing VS Code for the browser (code-server ${version}, 600 MB, once)…`)
  await npmInstall(folder, [`code-server@${version}`])
  const vscode = join(folder, 'node_modules/code-server/lib/vscode')
  await npmInstall(vscode, [])
  await npmInstall(join(vscode, 'extensions'), [])
  // A server runs on this copy: it outlives a reinstall of the project's node_modules.
  await copyFile(process.execPath, join(folder, 'node'))
}

/** Installs code-server into the cache when it is not there yet: about 20 s, then it is at hand. */
export async function codeServer(): Promise<CodeServer> {
  const folder = await cached(`code-server-${version}-node-${process.versions.node}`, install)
  const root = join(folder, 'node_modules/code-server')
  const product = JSON.parse(await readFile(join(root, 'lib/vscode/package.json'), 'utf8')) as {
    version: string
  }
  return {
    node: join(folder, 'node'),
    entry: join(root, 'out/node/entry.js'),
    vscodeVersion: product.version
  }
}
