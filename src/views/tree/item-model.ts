/** Name of a codicon, and the theme colour to draw it in. */
export interface ItemIcon {
  id: string
  color?: string
}

/** A line of a tree as data, without the editor. */
export interface ItemModel {
  id: string
  label: string
  description: string
  icon: ItemIcon
  /** Flags with a dot between: menus ask for them by `viewItem =~ /flag/`. */
  contextValue: string
  /** What icon and description show, in words. */
  accessibilityLabel: string
}
