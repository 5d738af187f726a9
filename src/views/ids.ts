/** Ids of all commands. `test/unit/manifest.test.ts` compares this file with package.json. */
export const commands = {
  joinNetwork: 'chordcast.joinNetwork',
  leaveNetwork: 'chordcast.leaveNetwork',
  shareVideo: 'chordcast.shareVideo',
  shareFile: 'chordcast.shareFile',
  fetchVideo: 'chordcast.fetchVideo',
  watch: 'chordcast.watch',
  watchWithoutSaving: 'chordcast.watchWithoutSaving',
  saveVideo: 'chordcast.saveVideo',
  openLink: 'chordcast.openLink',
  copyId: 'chordcast.copyId',
  copyLink: 'chordcast.copyLink',
  stopSharing: 'chordcast.stopSharing',
  remove: 'chordcast.remove',
  lookUpHolders: 'chordcast.lookUpHolders',
  browseCatalogue: 'chordcast.browseCatalogue',
  listInCatalogue: 'chordcast.listInCatalogue',
  unlistFromCatalogue: 'chordcast.unlistFromCatalogue',
  verifyFile: 'chordcast.verifyFile',
  pause: 'chordcast.pause',
  resume: 'chordcast.resume',
  openDownloads: 'chordcast.openDownloads',
  copyAddress: 'chordcast.copyAddress',
  openSettings: 'chordcast.openSettings',
  showLog: 'chordcast.showLog',
  copyDiagnostics: 'chordcast.copyDiagnostics'
} as const

export type CommandId = (typeof commands)[keyof typeof commands]

/** Ids of the view container and the tree views in it. */
export const viewContainer = 'chordcast'

export const views = {
  videos: 'chordcast.videos',
  peers: 'chordcast.peers',
  chunks: 'chordcast.chunks'
} as const

/** View type of the player panel; restored after a window reload. */
export const playerViewType = 'chordcast.player'

/** View type of the editor for files that are shared or were fetched, and of the one for documents that are links. */
export const fileEditorType = 'chordcast.file'
export const linkEditorType = 'chordcast.link'

/** Context keys: one for the state of the peer, with the values of `NetworkState`. */
export const contextKeys = { state: 'chordcast.state' } as const

/** The section of all settings. */
export const settingsSection = 'chordcast'

/** Names of the settings inside the section. Their defaults are in package.json only. */
export const settings = {
  host: 'host',
  port: 'port',
  bootstrap: 'bootstrap',
  ring: 'ring',
  lanDiscovery: 'lanDiscovery',
  joinOnStartup: 'joinOnStartup',
  downloadFolder: 'downloadFolder',
  watchOnFetch: 'watchOnFetch',
  uploadLimit: 'uploadLimit',
  downloadLimit: 'downloadLimit',
  cacheQuota: 'cacheQuota',
  maxConnections: 'maxConnections',
  idleTimeout: 'idleTimeout',
  maxTransfers: 'maxTransfers',
  decorateFiles: 'decorateFiles',
  drawPosters: 'drawPosters',
  fastStart: 'fastStart'
} as const

export type SettingName = (typeof settings)[keyof typeof settings]
