/** The path of what a fast-start copy was made of, by its name; other paths come back as they are. */
export function originalPath(path: string): string {
  return path.replace(/\.fast-start(?:-\d+)?(\.[^./\\]+)$/, '$1')
}
