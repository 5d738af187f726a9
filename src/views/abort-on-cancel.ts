import type { CancellationToken } from 'vscode'

/** An abort signal that follows the editor's cancellation token. */
export function abortOnCancel(token: CancellationToken): AbortSignal {
  const controller = new AbortController()
  if (token.isCancellationRequested) controller.abort()
  token.onCancellationRequested(() => controller.abort())
  return controller.signal
}
