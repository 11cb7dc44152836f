export type Theme = 'system' | 'light' | 'dark'
const key = 'poundlock-theme'
const order: readonly Theme[] = ['system', 'light', 'dark']

export const storedTheme = (): Theme => order.find((theme) => theme === localStorage.getItem(key)) ?? 'system'
export const themeAfter = (theme: Theme): Theme =>
  order[(order.indexOf(theme) + 1) % order.length] ?? 'system'

export function applyTheme(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme
  localStorage.setItem(key, theme)
}
