import * as vscode from 'vscode'
import { FileSealStore, type SealStore } from '../peer/identity/seal-store.ts'
import { secretSealStore } from './secret-seal-store.ts'

/**
 * Where the key that seals the keystore lies. On a desktop it is the editor's secret storage. Where the data folder is on another machine
 * than the window, secrets would stay with that one window or browser, so the next one could not open the keystore: there
 * the seal lies in the data folder, readable by the owner only, as it does for the command line.
 */
export function chooseSealStore(secrets: vscode.SecretStorage, dataFolder: string): SealStore {
  const isLocal = vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined
  return isLocal ? secretSealStore(secrets) : new FileSealStore(dataFolder)
}
