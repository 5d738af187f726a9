import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const vsixBudget = 2 * 1024 * 1024
const hostBudget = 2 * 1024 * 1024
const playerBudget = 350 * 1024
const inspectionBudget = 256 * 1024

async function packagedFiles(): Promise<string[]> {
  const { stdout } = await run(process.execPath, [
    'node_modules/@vscode/vsce/vsce',
    'ls',
    '--no-dependencies'
  ])
  return stdout.split('\n').filter(line => line !== '')
}

describe('the VSIX', () => {
  it('is at most 2 MiB', async () => {
    const { size } = await stat('dist/chordcast.vsix')
    console.log(`      VSIX: ${(size / 1024).toFixed(0)} KiB`)
    assert.ok(size <= vsixBudget, `${size} bytes`)
  })

  it('holds what runs and nothing else: no source, no native module, no dependency folder', async () => {
    const allowed =
      /^(package\.json|readme\.md|changelog\.md|license(\.txt)?|media\/[\w-]+\.(png|svg)|dist\/(chunks\/)?[\w-]+\.js|dist\/media\/[\w-]+\.(js|css|ttf)|dist\/THIRD-PARTY-NOTICES\.txt)$/i
    const files = await packagedFiles()
    const foreign = files.filter(file => !allowed.test(file))
    assert.deepEqual(foreign, [])
  })

  it('holds the extension, the command line, the player and the licences of what is bundled', async () => {
    const files = await packagedFiles()
    const needed = [
      'extension.js',
      'cli.js',
      'media/player.js',
      'media/player.css',
      'media/codicon.css',
      'media/codicon.ttf'
    ]
    for (const name of [...needed, 'THIRD-PARTY-NOTICES.txt']) assert.ok(files.includes(`dist/${name}`), name)
    assert.match(await readFile('dist/THIRD-PARTY-NOTICES.txt', 'utf8'), /^libp2p \d/m)
  })

  it('names no folder of the machine that built it', async () => {
    const project = resolve('.')
    for (const file of (await packagedFiles()).filter(name => name.startsWith('dist/')))
      assert.ok(!(await readFile(file, 'latin1')).includes(project), file)
  })

  it('keeps the player within its budget', async () => {
    const { size } = await stat('dist/media/player.js')
    assert.ok(size <= playerBudget, `${size} bytes`)
  })
})

interface Metafile {
  outputs: Record<
    string,
    { bytes: number; imports: { path: string; kind: string }[]; inputs: Record<string, unknown> }
  >
}

/** Output files that load together with `entry`: itself and what it imports statically. */
function loadedWith(metafile: Metafile, entry: string): string[] {
  const loaded = new Set<string>()
  const visit = (path: string): void => {
    const output = metafile.outputs[path]
    if (!output || loaded.has(path)) return
    loaded.add(path)
    for (const { path: next, kind } of output.imports) if (kind === 'import-statement') visit(next)
  }
  visit(entry)
  return [...loaded]
}

describe('the bundle', () => {
  let metafile: Metafile

  before(async () => {
    metafile = (JSON.parse(await readFile('dist/meta.json', 'utf8')) as Metafile[])[0]!
  })

  it('loads the engine only when it is used', () => {
    const loaded = loadedWith(metafile, 'dist/extension.js')
    const inputs = loaded.flatMap(path => Object.keys(metafile.outputs[path]!.inputs))
    const engine = inputs.filter(input => /node_modules\/(libp2p|@libp2p\/(tcp|tls|noise))\//.test(input))
    assert.deepEqual(engine, [])
    const bytes = loaded.reduce((sum, path) => sum + metafile.outputs[path]!.bytes, 0)
    console.log(`      loaded at activation: ${(bytes / 1024).toFixed(0)} KiB`)
  })

  it('reads headers of videos in a program of its own, which nothing else loads', () => {
    const { bytes } = metafile.outputs['dist/inspection-worker.js']!
    console.log(`      inspection: ${(bytes / 1024).toFixed(0)} KiB`)
    assert.ok(bytes <= inspectionBudget, `${bytes} bytes`)
    const parsers = Object.entries(metafile.outputs).filter(([, { inputs }]) =>
      Object.keys(inputs).some(input => input.includes('node_modules/mediabunny/'))
    )
    assert.deepEqual(
      parsers.map(([path]) => path),
      ['dist/inspection-worker.js']
    )
  })

  it('stays within 2 MiB for host and command line, inspection not counted', () => {
    const outputs = Object.entries(metafile.outputs).filter(([path]) => path !== 'dist/inspection-worker.js')
    const bytes = outputs.reduce((sum, [, output]) => sum + output.bytes, 0)
    console.log(`      host and command line: ${(bytes / 1024).toFixed(0)} KiB`)
    assert.ok(bytes <= hostBudget, `${bytes} bytes`)
  })
})

describe('the command line as it is built', () => {
  it('is a program', async () => {
    const [firstLine] = (await readFile('dist/cli.js', 'utf8')).split('\n', 1)
    assert.equal(firstLine, '#!/usr/bin/env node')
    assert.equal((await stat('dist/cli.js')).mode & 0o111, 0o111)
  })

  it('reads the headers of what it shares', async function () {
    this.timeout(60_000)
    const data = await mkdtemp(join(tmpdir(), 'chordcast-package-'))
    const fixture = 'test/fixtures/sample-moov-last.mp4'
    const options = ['--json', '--host', '127.0.0.1', '--no-mdns', '--data', data]
    const program = spawn(process.execPath, ['dist/cli.js', 'share', fixture, ...options])
    try {
      let output = ''
      for await (const text of program.stdout) {
        output += text
        if (output.includes('"event":"shared"')) break
      }
      const shared = output.split('\n').find(line => line.includes('"event":"shared"'))
      const { media } = JSON.parse(shared ?? '{}')
      assert.deepEqual([media.durationSeconds, media.width, media.indexAtEnd], [10, 320, true])
    } finally {
      program.kill('SIGTERM')
      await once(program, 'exit')
      await rm(data, { recursive: true })
    }
  })

  it('tells how it is used', async () => {
    const { stdout } = await run(process.execPath, ['dist/cli.js', '--help'])
    for (const command of ['peer', 'share', 'fetch', 'lookup', 'verify', 'status'])
      assert.match(stdout, new RegExp(`^ +${command}\\b`, 'm'))
  })
})
