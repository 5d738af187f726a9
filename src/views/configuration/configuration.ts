import { homedir } from 'node:os'
import * as vscode from 'vscode'
import type { Unsubscribe } from '../../peer/event-emitter.ts'
import type { PeerSettings } from '../../peer/settings.ts'
import { type SettingName, settings, settingsSection } from '../ids.ts'
import { cleanList, type RawSettings, toPeerSettings } from './peer-settings.ts'

interface SettingTypes extends RawSettings {
  bootstrap: string[]
  joinOnStartup: boolean
  watchOnFetch: boolean
  decorateFiles: boolean
  drawPosters: boolean
  fastStart: 'ask' | 'always' | 'never'
}

/** Settings that a running peer takes on only when it starts again. */
export const restartSettings: readonly SettingName[] = [
  settings.host,
  settings.port,
  settings.bootstrap,
  settings.ring,
  settings.lanDiscovery,
  settings.downloadFolder,
  settings.uploadLimit,
  settings.downloadLimit,
  settings.cacheQuota,
  settings.maxConnections,
  settings.idleTimeout,
  settings.maxTransfers
]

/** Reads the settings afresh each time, so that a change counts at once. */
export class Configuration {
  get<Name extends SettingName>(name: Name): SettingTypes[Name] {
    const value = vscode.workspace.getConfiguration(settingsSection).get<SettingTypes[Name]>(name)
    if (value === undefined) throw new Error(`The setting ${settingsSection}.${name} has no default.`)
    return value
  }

  /** Changes a setting for all windows. */
  async set<Name extends SettingName>(name: Name, value: SettingTypes[Name]): Promise<void> {
    const section = vscode.workspace.getConfiguration(settingsSection)
    await section.update(name, value, vscode.ConfigurationTarget.Global)
  }

  peerSettings(): PeerSettings {
    return toPeerSettings(
      {
        host: this.get('host'),
        port: this.get('port'),
        ring: this.get('ring'),
        lanDiscovery: this.get('lanDiscovery'),
        downloadFolder: this.get('downloadFolder'),
        uploadLimit: this.get('uploadLimit'),
        downloadLimit: this.get('downloadLimit'),
        cacheQuota: this.get('cacheQuota'),
        maxConnections: this.get('maxConnections'),
        idleTimeout: this.get('idleTimeout'),
        maxTransfers: this.get('maxTransfers')
      },
      homedir()
    )
  }

  /** Calls `use` with the peer's settings at each change of one of them. */
  followPeerSettings(use: (settings: PeerSettings) => void): Unsubscribe {
    const subscription = vscode.workspace.onDidChangeConfiguration(event => {
      const touched = restartSettings.some(name => event.affectsConfiguration(`${settingsSection}.${name}`))
      if (touched) use(this.peerSettings())
    })
    return () => subscription.dispose()
  }

  /** Addresses to join by; empty starts a ring or finds one on the local network. */
  bootstrap(): string[] {
    return cleanList(this.get('bootstrap'))
  }
}
