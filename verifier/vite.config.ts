// Builds the page as one file: script and styles inline, and a policy that names them by their hash and
// forbids everything else, every connection included. Not minified, so that it can be read.
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import type { Plugin } from 'vite'

const root = fileURLToPath(new URL('html', import.meta.url))

const sourceHash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

const inlineAll = (): Plugin => ({
  name: 'inline-all',
  enforce: 'post',
  generateBundle(_options, bundle) {
    const page = bundle['verify.html']
    if (page?.type !== 'asset') throw new Error('the page was not built')
    let html = String(page.source)
    const sources: Record<string, string> = {}
    for (const [name, file] of Object.entries(bundle)) {
      if (file === page) continue
      const isScript = file.type === 'chunk'
      const text = (isScript ? file.code : String(file.source)).replaceAll('</script', '<\\/script')
      html = html.replace(isScript ? /\s*<script[^>]*><\/script>/ : /\s*<link rel="stylesheet"[^>]*>/, '')
      html = isScript
        ? html.replace('</body>', () => `<script type="module">${text}</script>\n  </body>`)
        : html.replace('</head>', () => `<style>${text}</style>\n  </head>`)
      sources[isScript ? 'script-src' : 'style-src'] = sourceHash(text)
      delete bundle[name]
    }
    const rules = Object.entries(sources).map(([rule, hash]) => `; ${rule} ${hash}`)
    page.source = html.replace("default-src 'none'", () => `default-src 'none'${rules.join('')}`)
  },
})

export default defineConfig({
  root,
  base: './',
  logLevel: 'warn',
  plugins: [inlineAll()],
  build: {
    outDir: fileURLToPath(new URL('dist', import.meta.url)),
    emptyOutDir: false,
    target: 'es2022',
    minify: false,
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    rolldownOptions: { input: fileURLToPath(new URL('html/verify.html', import.meta.url)) },
  },
})
