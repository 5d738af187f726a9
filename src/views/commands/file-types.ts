/** File name extensions that are offered for sharing; package.json repeats them in the explorer's menu. */
export const videoExtensions = ['mp4', 'm4v', 'webm', 'mov', 'mkv', 'avi', 'ogv', 'mpg', 'mpeg', 'wmv', '3gp']
export const audioExtensions = ['mp3', 'm4a', 'aac', 'ogg', 'oga', 'opus', 'wav', 'flac']
export const imageExtensions = ['gif', 'png', 'jpg', 'jpeg', 'webp', 'avif', 'bmp']

/** Filters of the open dialog. */
export const dialogFilters: Record<string, string[]> = {
  'Video, sound and pictures': [...videoExtensions, ...audioExtensions, ...imageExtensions],
  'All files': ['*']
}
