import type { PeerErrorCode } from '../peer/errors.ts'
import { type CommandId, commands, type SettingName, settings } from './ids.ts'

/** The button that a failure offers. */
export type ErrorAction =
  | { kind: 'retry'; label: string }
  | { kind: 'command'; label: string; command: CommandId }
  | { kind: 'setting'; label: string; setting: SettingName }

const retry: ErrorAction = { kind: 'retry', label: 'Retry' }
const showLog: ErrorAction = { kind: 'command', label: 'Show Log', command: commands.showLog }
const openSetting = (setting: SettingName): ErrorAction => ({
  kind: 'setting',
  label: 'Open Settings',
  setting
})

const actions: Partial<Record<PeerErrorCode, ErrorAction>> = {
  ID_INVALID: retry,
  LINK_INVALID: retry,
  FILE_CHANGED: { kind: 'retry', label: 'Share Again' },
  FILE_MISSING: retry,
  FILE_UNREADABLE: retry,
  DISK_FULL: retry,
  VIDEO_UNKNOWN: retry,
  NO_HOLDERS: retry,
  PEER_UNREACHABLE: retry,
  TIMEOUT: retry,
  BUSY: retry,
  DATA_FOLDER_BUSY: retry,
  CONTROL_LOST: retry,
  KEY_DENIED: { kind: 'retry', label: 'Ask Again' },
  NOT_JOINED: { kind: 'command', label: 'Join Network', command: commands.joinNetwork },
  FOLDER_UNWRITABLE: openSetting(settings.downloadFolder),
  BOOTSTRAP_INVALID: openSetting(settings.bootstrap),
  BOOTSTRAP_UNREACHABLE: openSetting(settings.bootstrap),
  PORT_IN_USE: openSetting(settings.port),
  HOST_UNAVAILABLE: openSetting(settings.host)
}

/** The step that helps most after a failure. Where nothing can be tried again, it is the log. */
export function errorAction(code: PeerErrorCode, canRetry: boolean): ErrorAction {
  const action = actions[code] ?? showLog
  return action.kind === 'retry' && !canRetry ? showLog : action
}
