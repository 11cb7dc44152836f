// The entry of every process of ours. What Node makes of our sources (types stripped, code compiled) is kept beside the
// installed packages: who could change it there could as well change the code. Without the right to write there,
// nothing is kept and nothing is lost.
import { enableCompileCache, flushCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/poundlock', import.meta.url)))
const { main } = await import('./verbs.ts')
// Now, not at the end: the processes that this one starts need the same.
flushCompileCache()
process.exitCode = await main(process.argv.slice(2))
