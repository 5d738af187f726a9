import * as fs from 'node:fs/promises'

/** The calls of `node:fs/promises` that touch a user's files. Injected so that a test can fill the disk. */
export type FileSystem = Pick<
  typeof fs,
  'link' | 'lstat' | 'mkdir' | 'open' | 'rename' | 'rm' | 'stat' | 'unlink'
>

/** The real file system. */
export const systemFiles: FileSystem = fs
