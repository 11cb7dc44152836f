import { fileURLToPath } from 'node:url'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

// One script and one style sheet, nothing inline: the gateway serves them under a strict policy, and once
// the page is loaded it verifies packs without a network.
export default {
  root: at('.'),
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  resolve: { alias: { '@poundlock/verify': at('../verifier/src/index.ts') } },
  build: {
    outDir: at('dist'),
    emptyOutDir: true,
    target: 'es2024',
    cssTarget: 'chrome123',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
}
