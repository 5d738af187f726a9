import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import { audioExtensions, imageExtensions, videoExtensions } from '../../src/views/commands/file-types.ts'
import {
  commands,
  contextKeys,
  fileEditorType,
  linkEditorType,
  playerViewType,
  settings,
  settingsSection,
  viewContainer,
  views
} from '../../src/views/ids.ts'

const root = path.join(import.meta.dirname, '../..')
const { contributes } = manifest
const properties = Object.assign(
  {},
  ...contributes.configuration.map(section => section.properties)
) as Record<string, { default?: unknown; scope: string; markdownDescription: string }>
const sorted = (values: Iterable<string>): string[] => [...values].sort()

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => path.join(entry.parentPath, entry.name))
}

describe('package.json and the code', () => {
  it('name the same commands', () => {
    const contributed = contributes.commands.map(({ command }) => command)
    assert.deepEqual(sorted(contributed), sorted(Object.values(commands)))
  })

  it('name the same views in the same container', () => {
    assert.deepEqual(
      contributes.viewsContainers.activitybar.map(({ id }) => id),
      [viewContainer]
    )
    assert.deepEqual(
      sorted(contributes.views[viewContainer].map(({ id }) => id)),
      sorted(Object.values(views))
    )
  })

  it('name the same settings', () => {
    const expected = Object.values(settings).map(name => `${settingsSection}.${name}`)
    assert.deepEqual(sorted(Object.keys(properties)), sorted(expected))
  })

  it('restore the same kind of player', () => {
    assert.ok(manifest.activationEvents.includes(`onWebviewPanel:${playerViewType}`))
  })

  it('open files and links with the same editors', () => {
    assert.deepEqual(
      contributes.customEditors.map(({ viewType, priority }) => [viewType, priority]),
      [
        [fileEditorType, 'option'],
        [linkEditorType, 'default']
      ]
    )
  })

  it('offer the same kinds of files for the player', () => {
    const [pattern] = contributes.customEditors[0]?.selector ?? []
    const offered = /\{(.*)\}/.exec(pattern?.filenamePattern ?? '')?.[1]?.split(',')
    assert.deepEqual(offered, [...videoExtensions, ...audioExtensions, ...imageExtensions])
  })

  it('offer the same kinds of files for sharing', () => {
    const offered = (command: string): string[][] =>
      [...contributes.menus['explorer/context'], ...contributes.menus['editor/title/context']]
        .filter(menu => menu.command === command)
        .map(({ when }) => /\(([a-z0-9|]+)\)/.exec(when)?.[1]?.split('|') ?? [])
    assert.deepEqual(offered(commands.shareVideo), [videoExtensions, videoExtensions])
    const others = [...audioExtensions, ...imageExtensions]
    assert.deepEqual(offered(commands.shareFile), [others, others])
  })
})

describe('package.json', () => {
  const menus = Object.entries(contributes.menus) as [
    string,
    { command: string; when?: string; group?: string }[]
  ][]
  const whens = [
    ...menus.flatMap(([, entries]) => entries.map(({ when }) => when ?? '')),
    ...contributes.viewsWelcome.map(entry => entry.when ?? '')
  ]

  it('uses only commands in its menus that it contributes', () => {
    const known = new Set<string>(Object.values(commands))
    const used = menus.flatMap(([, entries]) => entries.map(({ command }) => command))
    assert.deepEqual(
      used.filter(command => !known.has(command)),
      []
    )
  })

  it('links only to its own commands and the settings from welcome texts and walkthrough', () => {
    const texts = [
      ...contributes.viewsWelcome.map(({ contents }) => contents),
      ...contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ description }) => description))
    ]
    const known = new Set<string>([...Object.values(commands), 'workbench.action.openSettings'])
    const links = texts.flatMap(text =>
      [...text.matchAll(/\(command:([\w.]+)/g)].map(([, command]) => command ?? '')
    )
    assert.ok(links.length > 0)
    assert.deepEqual(
      links.filter(command => !known.has(command)),
      []
    )
  })

  it('asks for no context key of ours that the code does not set', () => {
    const known = new Set<string>([...Object.values(contextKeys), ...Object.values(views), playerViewType])
    const asked = whens.flatMap(when => [...when.matchAll(/chordcast\.\w+/g)].map(([key]) => key))
    assert.deepEqual(
      asked.filter(key => !known.has(key)),
      []
    )
  })

  it('asks for no state of the peer that does not exist', () => {
    const states = new Set(['stopped', 'starting', 'joined', 'failed'])
    const asked = whens.flatMap(when =>
      [...when.matchAll(/chordcast\.state [!=]= (\w+)/g)].map(([, state]) => state ?? '')
    )
    assert.ok(asked.length > 0)
    assert.deepEqual(
      asked.filter(state => !states.has(state)),
      []
    )
  })

  it('has a welcome text for every state of every list', () => {
    for (const view of [views.videos, views.peers]) {
      const asked = contributes.viewsWelcome
        .filter(entry => entry.view === view)
        .map(entry => entry.when ?? '')
      for (const state of ['stopped', 'starting', 'joined', 'failed']) {
        assert.ok(
          asked.some(when => when?.includes(`== ${state}`)),
          `${view}, ${state}`
        )
      }
    }
  })

  it('gives every setting a default and a description', () => {
    for (const [name, property] of Object.entries(properties)) {
      assert.notEqual(property.default, undefined, name)
      assert.ok(property.markdownDescription.endsWith('.'), name)
    }
  })

  it('holds the only defaults: the code gives none when it reads a setting', () => {
    const files = [...sourceFiles(path.join(root, 'src/views')), path.join(root, 'src/extension.ts')]
    const readers = files.filter(file => readFileSync(file, 'utf8').includes('getConfiguration('))
    assert.deepEqual(
      readers.map(file => path.basename(file)),
      ['configuration.ts']
    )
    for (const file of files) {
      assert.doesNotMatch(readFileSync(file, 'utf8'), /configuration\.get\([^)]*,/, file)
    }
  })

  it('lets no workspace set what concerns network and folders', () => {
    const machine = Object.entries(properties).filter(([, { scope }]) => scope === 'machine')
    const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations
    assert.deepEqual(sorted(machine.map(([name]) => name)), sorted(restricted))
    for (const name of ['host', 'port', 'bootstrap', 'downloadFolder']) {
      assert.equal(properties[`${settingsSection}.${name}`]?.scope, 'machine', name)
    }
  })

  it('points to pictures that exist, and to a PNG as the icon', () => {
    const pictures = [
      manifest.icon,
      ...contributes.viewsContainers.activitybar.map(({ icon }) => icon),
      ...contributes.views[viewContainer].map(({ icon }) => icon),
      ...contributes.walkthroughs.flatMap(({ icon, steps }) => [icon, ...steps.map(({ media }) => media.svg)])
    ]
    assert.deepEqual(
      pictures.filter(picture => !existsSync(path.join(root, picture))),
      []
    )
    assert.equal(readFileSync(path.join(root, manifest.icon)).toString('latin1', 1, 4), 'PNG')
  })
})
