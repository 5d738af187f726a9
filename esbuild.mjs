import { chmod, copyFile, glob, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build, context } from 'esbuild'
import { thirdPartyNotices } from './scripts/third-party-notices.ts'

const watch = process.argv.includes('--watch')
const development = watch || process.argv.includes('--development')

const common = {
  bundle: true,
  logLevel: 'warning',
  metafile: true,
  minify: !development,
  sourcemap: development,
  // The licences of the bundled packages are collected in one file instead.
  legalComments: 'none'
}

/** The package reads its own package.json by a relative `require`, which is another folder once bundled. */
const inlineSsdpVersion = {
  name: 'inline-ssdp-version',
  setup(host) {
    host.onLoad({ filter: /@achingbrain[\\/]ssdp[\\/]dist[\\/]src[\\/]ssdp\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const { name, version } = JSON.parse(await readFile(join(path, '../../../package.json'), 'utf8'))
      const call = "req('../../package.json')"
      if (!source.includes(call)) throw new Error(`${path} no longer holds ${call}: adapt this plugin`)
      return { contents: source.replace(call, JSON.stringify({ name, version })), loader: 'js' }
    })
  }
}

/** `xml2js`, by which answers of routers are read, brings a writer of XML that nothing here calls. */
const leaveOutXmlWriter = {
  name: 'leave-out-xml-writer',
  setup(host) {
    host.onResolve({ filter: /^xmlbuilder$/ }, ({ path }) => ({ path, namespace: 'left-out' }))
    host.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {}' }))
  }
}

/**
 * Node loads all of a built-in module's lazy parts when an ES module imports it: of `http` those are `fetch` and WebSocket, 60 ms of
 * each start that nobody here needs.
 */
const importHttpLazily = {
  name: 'import-http-lazily',
  setup(host) {
    host.onResolve({ filter: /^(node:)?http$/ }, ({ kind }) =>
      kind === 'import-statement' ? { path: 'http', namespace: 'lazy-built-in' } : undefined
    )
    host.onLoad({ filter: /.*/, namespace: 'lazy-built-in' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('node:${path}')`
    }))
  }
}

// CommonJS dependencies call `require`, which an ES module does not have.
const requireForCommonJs =
  "import { createRequire as createBundleRequire } from 'node:module'; const require = createBundleRequire(import.meta.url);"

const host = {
  ...common,
  entryPoints: {
    extension: 'src/extension.ts',
    cli: 'src/cli.ts',
    'engine-worker': 'src/peer/control/engine-worker.ts',
    'inspection-worker': 'src/peer/inspection/inspection-worker.ts'
  },
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  platform: 'node',
  target: 'node22',
  format: 'esm',
  // Makes the engine a chunk of its own: loaded by `import()` on first use, shared with the command line.
  splitting: true,
  external: ['vscode'],
  banner: { js: requireForCommonJs },
  plugins: [inlineSsdpVersion, leaveOutXmlWriter, importHttpLazily]
}

const webview = {
  ...common,
  entryPoints: [
    { in: 'media/player/player.ts', out: 'player' },
    { in: 'media/player/player.css', out: 'player' },
    { in: 'media/poster/poster.ts', out: 'poster' }
  ],
  outdir: 'dist/media',
  platform: 'browser',
  target: 'es2022',
  format: 'iife'
}

// What a former build left goes last, so that programs that run meanwhile keep their chunks for as long as possible.
async function removeStale(results) {
  const written = new Set(results.flatMap(result => Object.keys(result.metafile.outputs)))
  for await (const path of glob('dist/**/*.{js,map}'))
    if (!written.has(path.replaceAll('\\', '/'))) await rm(path)
}

async function finish(results) {
  const inputs = results.flatMap(result => Object.keys(result.metafile.inputs))
  await writeFile('dist/THIRD-PARTY-NOTICES.txt', await thirdPartyNotices(inputs))
  await writeFile('dist/meta.json', JSON.stringify(results.map(result => result.metafile)))
  for (const name of ['codicon.css', 'codicon.ttf'])
    await copyFile(`node_modules/@vscode/codicons/dist/${name}`, `dist/media/${name}`)
  await chmod('dist/cli.js', 0o755)
  await removeStale(results)
}

try {
  await finish(await Promise.all([build(host), build(webview)]))
} catch (error) {
  // esbuild has printed its own findings.
  if (!error.errors) throw error
  process.exit(1)
}
if (watch) await Promise.all([host, webview].map(async options => (await context(options)).watch()))
