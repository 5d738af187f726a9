import * as vscode from 'vscode'
import type { ItemModel } from './item-model.ts'

/** The editor's tree item of a line. The tooltip comes later, when the line is hovered. */
export function toTreeItem(
  model: ItemModel,
  collapsibleState = vscode.TreeItemCollapsibleState.None
): vscode.TreeItem {
  const item = new vscode.TreeItem(model.label, collapsibleState)
  item.id = model.id
  item.description = model.description
  item.contextValue = model.contextValue
  item.accessibilityInformation = { label: model.accessibilityLabel }
  const color = model.icon.color === undefined ? undefined : new vscode.ThemeColor(model.icon.color)
  item.iconPath = new vscode.ThemeIcon(model.icon.id, color)
  return item
}
