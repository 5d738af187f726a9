import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

const packageFolder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/
const licenceFile = /^(licen[cs]e|copying)/i

interface PackageManifest {
  name?: string
  version?: string
  license?: string
}

async function licenceText(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter(name => licenceFile.test(name)).sort()
  const texts = await Promise.all(names.map(name => readFile(join(folder, name), 'utf8')))
  return texts.map(text => text.trim()).join('\n\n')
}

/**
 * The notices that the licences of bundled packages ask for: one entry a package, equal texts printed once.
 * `inputs` are the bundle's source paths, relative to the project, as in esbuild's metafile.
 */
export async function thirdPartyNotices(inputs: readonly string[]): Promise<string> {
  const folders = new Set(inputs.flatMap(input => packageFolder.exec(input)?.[0] ?? []))
  const packagesByText = new Map<string, Set<string>>()
  for (const folder of [...folders].sort()) {
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as PackageManifest
    const text = await licenceText(folder)
    const packages = packagesByText.get(text) ?? new Set()
    packages.add(`${manifest.name} ${manifest.version} (${manifest.license ?? 'see text'})`)
    packagesByText.set(text, packages)
  }
  const entries = [...packagesByText].map(([text, packages]) => `${[...packages].join('\n')}\n\n${text}`)
  return `Chordcast contains these packages.\n\n${entries.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}
