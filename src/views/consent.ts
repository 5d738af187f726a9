import * as vscode from 'vscode'

const memoryKey = 'chordcast.consent'
const join = 'Join Network'
const question = 'Join the Chordcast network?'
const consequences =
  'Peers in your ring will see your IP address and peer ID, and whoever has the ID of a video will see that you ' +
  'hold it. Nobody without that ID can see names or content.'

/** Whether the user has agreed before, in this profile. */
export function hasConsented(memory: vscode.Memento): boolean {
  return memory.get<boolean>(memoryKey) === true
}

/** Asks, once for all time, before this machine becomes visible to others. */
export async function askConsent(memory: vscode.Memento): Promise<boolean> {
  if (hasConsented(memory)) return true
  const options = { modal: true, detail: consequences }
  const agreed = (await vscode.window.showInformationMessage(question, options, join)) === join
  if (agreed) await memory.update(memoryKey, true)
  return agreed
}
