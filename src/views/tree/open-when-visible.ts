import type * as vscode from 'vscode'
import type { Services } from '../services.ts'

/** Opens the peer for a view as soon as that is seen, if there is anything to show. */
export function openWhenVisible(view: vscode.TreeView<unknown>, { library }: Services): void {
  const open = (): void => {
    if (view.visible) void library.openWhenUsed()
  }
  view.onDidChangeVisibility(open)
  open()
}
