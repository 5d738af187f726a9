import type { DownloadState } from '../api.ts'

/** What moves a download from one state to another. */
export type DownloadTransition =
  | 'manifest-known'
  | 'key-known'
  | 'recheck'
  | 'rechecked'
  | 'holders-lost'
  | 'holder-found'
  | 'all-chunks-stored'
  | 'file-in-place'
  | 'pause'
  | 'start'
  | 'fail'

/**
 * The life of a download:
 *
 *     finding ─► asking ─► (verifying, of what an earlier run left) ─► transferring ⇄ finding
 *     transferring ─► verifying (durable, renamed) ─► complete
 *     any of these ─► paused or failed; from there `start` begins again. A pause does not hide that it failed.
 */
const TRANSITIONS: Record<DownloadState, Partial<Record<DownloadTransition, DownloadState>>> = {
  finding: {
    'file-in-place': 'complete',
    'manifest-known': 'asking',
    'key-known': 'transferring',
    'holder-found': 'transferring',
    recheck: 'verifying',
    'all-chunks-stored': 'verifying',
    pause: 'paused',
    fail: 'failed'
  },
  asking: { 'key-known': 'transferring', pause: 'paused', fail: 'failed' },
  transferring: {
    recheck: 'verifying',
    'holders-lost': 'finding',
    'all-chunks-stored': 'verifying',
    pause: 'paused',
    fail: 'failed'
  },
  verifying: { rechecked: 'transferring', 'file-in-place': 'complete', pause: 'paused', fail: 'failed' },
  // What is being put in its place when the user pauses gets there, even if they go on meanwhile.
  paused: { start: 'finding', 'file-in-place': 'complete', fail: 'failed' },
  failed: { start: 'finding' },
  complete: {}
}

/** The state after `transition`; the same state where it means nothing. */
export function nextState(state: DownloadState, transition: DownloadTransition): DownloadState {
  return TRANSITIONS[state][transition] ?? state
}
