import type { JSX } from 'preact'
import { shortText } from '../format.ts'
import type { Verdict } from '../parts/mark.tsx'
import type { FixSession, Health, Identity } from '../types.ts'

type Node = {
  readonly kind: string
  readonly name: string
  readonly note: string
  readonly verdict: Verdict
  /** Said instead of the word of the verdict. */
  readonly word?: string
}
type Props = {
  readonly identity: Identity
  readonly health: Health | undefined
  readonly sessions: readonly FixSession[]
}

const width = 960
const columns = { left: 2, middle: 366, right: 730 }
const box = { width: 228, height: 54, gap: 12 }
const words: Readonly<Record<Verdict, string>> = {
  good: 'works',
  bad: 'fails',
  wait: 'waiting',
  none: 'not reported',
}

/** Who this gateway is connected to. Fixed places, so a change of state is a change of one edge. */
export function Topology({ identity, health, sessions }: Props): JSX.Element {
  const isPeer = (session: FixSession): boolean =>
    identity.peers.some(({ name }) => name === session.targetCompId)
  const left = sessions.filter((session) => !isPeer(session)).map(sessionNode)
  const right = [
    ...identity.peers.map((peer) => peerNode(peer, health, sessions)),
    ...identity.ledgers.map((ledger) => node('ledger', ledger.name, ledger.chainId, health)),
    ...identity.witnesses.map((key) => witnessNode(key, health)),
  ]
  const rows = Math.max(left.length, right.length, 1)
  const height = rows * (box.height + box.gap)
  const self = selfNode(identity, health)
  return (
    <figure class="topology">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={described(identity, [...left, ...right])}
      >
        <Side
          nodes={left}
          x={columns.left}
          from={columns.left + box.width}
          to={columns.middle}
          height={height}
        />
        <Side
          nodes={right}
          x={columns.right}
          from={columns.right}
          to={columns.middle + box.width}
          height={height}
        />
        <Box item={self} x={columns.middle} y={height / 2} self />
      </svg>
    </figure>
  )
}

type SideProps = {
  readonly nodes: readonly Node[]
  readonly x: number
  readonly from: number
  readonly to: number
  readonly height: number
}

/** The nodes of one side, each with its edge to the gateway in the middle. */
const Side = ({ nodes, x, from, to, height }: SideProps): JSX.Element => (
  <>
    {nodes.map((item, at) => {
      const y = (height / nodes.length) * (at + 0.5)
      return (
        <g key={`${item.kind} ${item.name}`}>
          <Edge from={[from, y]} to={[to, height / 2]} verdict={item.verdict} />
          <Box item={item} x={x} y={y} />
        </g>
      )
    })}
  </>
)

function Box({
  item,
  x,
  y,
  self = false,
}: {
  item: Node
  x: number
  y: number
  self?: boolean
}): JSX.Element {
  const top = y - box.height / 2
  return (
    <g class={`node node-${item.verdict}${self ? ' node-self' : ''}`}>
      <rect x={x} y={top} width={box.width} height={box.height} rx="4" />
      <text x={x + 12} y={top + 17} class="node-kind">
        {item.kind}
      </text>
      <text x={x + box.width - 12} y={top + 17} class="node-state">
        {item.word ?? words[item.verdict]}
      </text>
      <text x={x + 12} y={top + 34} class="node-name">
        {shortText(item.name, 14)}
      </text>
      <text x={x + 12} y={top + 47} class="node-note">
        {shortText(item.note, 17)}
      </text>
    </g>
  )
}

// A broken edge is dashed and open in the middle, so it needs no colour.
const Edge = ({
  from,
  to,
  verdict,
}: {
  from: [number, number]
  to: [number, number]
  verdict: Verdict
}): JSX.Element => {
  const bend = (from[0] + to[0]) / 2
  return (
    <path
      class={`edge edge-${verdict}`}
      d={`M${from[0]} ${from[1]}C${bend} ${from[1]} ${bend} ${to[1]} ${to[0]} ${to[1]}`}
    />
  )
}

function selfNode({ name, lei }: Identity, health: Health | undefined): Node {
  const self = { kind: 'this gateway', name, note: lei }
  if (health === undefined) return { ...self, verdict: 'none' }
  return health.ok ? { ...self, verdict: 'good' } : { ...self, verdict: 'wait', word: 'degraded' }
}

const sessionNode = (session: FixSession): Node => ({
  kind: `FIX ${session.role}`,
  name: session.targetCompId,
  note: `${session.beginString} as ${session.senderCompId}`,
  verdict: session.state === 'disabled' ? 'none' : session.loggedOn ? 'good' : 'wait',
})

const witnessNode = (key: string, health: Health | undefined): Node => {
  const name = key.split('+')[0] ?? key
  return node('witness', name, `key ${key.split('+')[1] ?? ''}`, health)
}

/** A peer works when its FIX session is up and no component that names it fails. */
function peerNode(
  peer: Identity['peers'][number],
  health: Health | undefined,
  sessions: readonly FixSession[],
): Node {
  const found = node('peer gateway', peer.name, peer.lei, health)
  const session = sessions.find(({ targetCompId }) => targetCompId === peer.name)
  if (found.verdict === 'bad' || session === undefined) return found
  return session.loggedOn
    ? { ...found, verdict: 'good' }
    : { ...found, verdict: 'wait', word: 'not logged on' }
}

// A component belongs to a node when it names it; otherwise the one for its kind speaks for it.
function node(kind: string, name: string, note: string, health: Health | undefined): Node {
  const about = (word: string) =>
    health?.components.find(({ component }) => component.toLowerCase().includes(word.toLowerCase()))
  const found = about(name) ?? about(kind)
  return { kind, name, note, verdict: found === undefined ? 'none' : found.ok ? 'good' : 'bad' }
}

const described = (identity: Identity, nodes: readonly Node[]): string =>
  `${identity.name} is connected to ${nodes.map(({ kind, name, verdict }) => `${kind} ${name}, ${words[verdict]}`).join('; ')}`
