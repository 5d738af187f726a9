/** The oldest Node.js whose language and library the command uses. */
const OLDEST_MAJOR = 22

/** What to tell whoever runs the command with a Node.js that is too old; undefined with any other. */
export function nodeComplaint(version: string): string | undefined {
  if (Number.parseInt(version, 10) >= OLDEST_MAJOR) return undefined
  return `This needs Node.js ${OLDEST_MAJOR} or later, and runs in ${version}. In a clone, node_modules/.bin/node is one.`
}
