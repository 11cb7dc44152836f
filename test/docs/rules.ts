// What has to be true of the documents: each rule gives a sentence for each violation.
import { anchorsOf, isPath, linksOf, placesOf, spansOf, type Document } from './documents.ts'

export type Exists = (path: string) => boolean

/** Links inside the project end at a file, and at a heading where they name one. */
export function brokenLinks(documents: readonly Document[], exists: Exists): readonly string[] {
  const headings = new Map(documents.map((document) => [document.path, anchorsOf(document)]))
  return documents.flatMap((document) =>
    linksOf(document).flatMap((link) => {
      const [target = '', anchor] = link.split('#')
      const at = target === '' ? document.path : (placesOf(document, target)[1] ?? '')
      if (!exists(at)) return [`${document.path}: ${link} leads nowhere`]
      const known = headings.get(at)
      return anchor === undefined || known === undefined || known.includes(anchor)
        ? []
        : [`${document.path}: ${link} names a heading that is not there`]
    }),
  )
}

export const brokenPaths = (documents: readonly Document[], exists: Exists): readonly string[] =>
  documents.flatMap((document) =>
    spansOf(document)
      .filter((span) => isPath(span) && !placesOf(document, span).some(exists))
      .map((span) => `${document.path}: \`${span}\` is not in the project`),
  )

const vectorPath = /vectors\/[\w.-]+/g

/** A specification names at least one of the vectors; `members` are those of a JSON file. */
export function brokenVectors(
  document: Document,
  exists: Exists,
  members: (path: string) => readonly string[],
): readonly string[] {
  const named = [...new Set(document.text.match(vectorPath))]
  if (named.length === 0) return [`${document.path}: names no vectors`]
  const missing = named.filter((path) => !exists(`spec/${path}`))
  if (missing.length > 0) return missing.map((path) => `${document.path}: ${path} is not there`)
  const known = new Set(
    named.filter((path) => path.endsWith('.json')).flatMap((path) => members(`spec/${path}`)),
  )
  return membersNamed(document.text)
    .filter((name) => !known.has(name))
    .map((name) => `${document.path}: there are no vectors \`${name}\``)
}

/** The names in sentences like "Vectors: `parts`, `refusedParts`." */
const membersNamed = (text: string): readonly string[] =>
  Array.from(text.matchAll(/Vectors: ([^.]*)\./g), ([, sentence = '']) => sentence)
    .flatMap((sentence) => Array.from(sentence.matchAll(/`([^`]+)`/g), ([, name = '']) => name))
    .filter((name) => /^[a-z][A-Za-z]*$/.test(name))

/** Packages in the first column of the table of dependencies. */
export function packagesOf(readme: string): readonly string[] {
  const [, section = ''] = /^## Dependencies\n([\s\S]*?)^## /m.exec(readme) ?? []
  const cells = Array.from(section.matchAll(/^\| (`[^|]+) \|/gm), ([, cell = '']) => cell)
  return cells.flatMap((cell) => Array.from(cell.matchAll(/`([^`]+)`/g), ([, name = '']) => name))
}

// In pieces, so that this file does not hold what it looks for.
const homes = ['home', 'root', 'Users', 'work'].map((name) => `${name}/`).join('|')
const hosts = ['npmjs', 'yarnpkg'].join('|')
const mirrors = ['artif', 'actory'].join('')
const foreign = [
  { what: 'a path of one machine', pattern: new RegExp(`(?<![\\w.:/*@}~)-])/(?:${homes})`) },
  {
    what: 'a package registry',
    pattern: new RegExp(`registry\\.[\\w.-]+\\.(?:org|com|net|io)|(?:${hosts})\\.(?:org|com)|${mirrors}`),
  },
]

/** What belongs to one machine or one network, and not to the project. */
export const foreignWords = ({ path, text }: Document): readonly string[] =>
  text
    .split('\n')
    .flatMap((line, index) =>
      foreign
        .filter(({ pattern }) => pattern.test(line))
        .map(({ what }) => `${path}:${index + 1}: ${what}: ${line.trim().slice(0, 100)}`),
    )
