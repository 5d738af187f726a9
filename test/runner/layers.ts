/**
 * A layer of tests. A `check` is one command that counts as one test; `mocha` runs the files that match;
 * a `script` starts tests elsewhere and reports their counts.
 */
export type Layer = { name: string; deadlineSeconds: number } & (
  | { kind: 'check'; command: string; arguments: string[] }
  | { kind: 'mocha'; files: string; timeoutSeconds: number }
  | { kind: 'script'; files: string; script: string }
)

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'

/** In the order in which they run: what is fast and most telling first. */
export const layers: readonly Layer[] = [
  {
    name: 'types',
    kind: 'check',
    command: npm,
    arguments: ['run', '--silent', 'types'],
    deadlineSeconds: 120
  },
  { name: 'lint', kind: 'check', command: npm, arguments: ['run', '--silent', 'lint'], deadlineSeconds: 60 },
  { name: 'unit', kind: 'mocha', files: 'test/unit/**/*.test.ts', timeoutSeconds: 10, deadlineSeconds: 180 }
]
