// What the project's documents say about itself, as text that tests can hold against the project.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

export const project = join(import.meta.dirname, '../..')

export type Document = { readonly path: string; readonly text: string }

/** Every Markdown file of ours: no dependency's, nothing generated. */
export function readDocuments(root: string = project): readonly Document[] {
  const paths = globSync(
    ['*.md', '{spec,bench}/*.md', '{verifier,contracts,console,examples,attack}/{,*/}*.md'],
    { cwd: root, exclude: ['**/node_modules/**'] },
  )
  return paths
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

const fence = /^```(\w*)\n([\s\S]*?)^```$/gm

/** One command for each line of an `sh` block and each side of `&&`, without its comment. */
export function commandsOf({ text }: Document): readonly string[] {
  return [...text.matchAll(fence)]
    .filter(([, language]) => language === 'sh')
    .flatMap(([, , body = '']) => body.split('\n'))
    .flatMap((line) => line.replace(/\s+#.*$/, '').split('&&'))
    .map((command) => command.trim())
    .filter((command) => command !== '')
}

const prose = ({ text }: Document): string => text.replace(fence, '')

/** Targets of links inside the project. */
export const linksOf = (document: Document): readonly string[] =>
  Array.from(prose(document).matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target).filter(
    (target) => !/^[a-z]+:/.test(target),
  )

export const spansOf = (document: Document): readonly string[] =>
  Array.from(prose(document).matchAll(/`([^`\n]+)`/g), ([, span = '']) => span)

const folders =
  'src|verifier|console|contracts|test|scripts|bench|examples|spec|attack|bin|\\.ci|python|vectors'
const inFolder = new RegExp(`^(?:\\.\\./)?(?:${folders})/[\\w.@/*-]*$`)
const fileName = /^(?:[\w.@-]+\/)*[\w-][\w.-]*\.(?:ts|tsx|js|mjs|json|md|sol|py|toml|yml|cedar|cpp)$/

/** A span that names a file or folder of ours. What a run makes (`evidence.pack`, `dist/…`) is not here to look for. */
export const isPath = (span: string): boolean =>
  (inFolder.test(span) || fileName.test(span)) && !/(?:^|\/)(?:dist|poundlock-demo|node_modules)\//.test(span)

/** Where a path of a document can be meant: from the root, from its own folder, and a bare file name anywhere. */
export const placesOf = ({ path }: Document, target: string): readonly string[] => [
  normalize(target),
  normalize(join(dirname(path), target)),
  ...(target.includes('/') ? [] : [`**/${target}`]),
]

/** GitHub's anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-')

export const anchorsOf = ({ text }: Document): readonly string[] =>
  Array.from(text.replace(fence, '').matchAll(/^#+ (.+)$/gm), ([, heading = '']) => anchorOf(heading))
