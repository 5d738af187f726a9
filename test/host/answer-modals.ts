import * as vscode from 'vscode'

type ShowMessage = typeof vscode.window.showInformationMessage

/**
 * VS Code refuses modal dialogs while tests run in its extension host. Answers each with its first button, as a user
 * who agrees; `restore` ends that. Returns the questions that were asked.
 */
export function agreeToModals(): { questions: string[]; restore: () => void } {
  const questions: string[] = []
  const original = vscode.window.showInformationMessage
  const answer = (message: string, ...rest: unknown[]): Promise<unknown> => {
    const [options, ...items] = rest as [vscode.MessageOptions | undefined, ...unknown[]]
    if (!options?.modal) return (original as (...args: unknown[]) => Promise<unknown>)(message, ...rest)
    questions.push(message)
    return Promise.resolve(items[0])
  }
  const replace = (show: ShowMessage): void => {
    Object.defineProperty(vscode.window, 'showInformationMessage', {
      value: show,
      configurable: true,
      writable: true
    })
  }
  replace(answer as ShowMessage)
  return { questions, restore: () => replace(original) }
}
