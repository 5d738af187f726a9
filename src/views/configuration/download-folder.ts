import path from 'node:path'

/** The absolute folder that a setting names: `~` is the home folder, what is relative begins there. */
export function resolveDownloadFolder(setting: string, home: string): string {
  const text = setting.trim()
  if (text === '~' || text === '') return home
  const inHome = /^~[/\\]/.test(text) ? text.slice(2) : text
  return path.resolve(home, inHome)
}
