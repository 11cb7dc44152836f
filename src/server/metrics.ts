import type { GatewayApi } from '#gateway'

/** Counters of the HTTP door in the Prometheus text format 0.0.4. Labels hold route patterns, never ids. */
export type Metrics = {
  answered(method: string, route: string, status: number): void
  refused(code: string): void
  dropped(reason: 'connections' | 'malformed' | 'slow-reader'): void
  streams(delta: 1 | -1): void
  text(): string
}

export function createMetrics(gateway: GatewayApi): Metrics {
  const counters = new Map<string, number>()
  let open = 0
  const count = (key: string): void => void counters.set(key, (counters.get(key) ?? 0) + 1)
  return {
    answered: (method, route, status) =>
      count(`poundlock_http_requests_total{method="${method}",route="${route}",status="${status}"}`),
    refused: (code) => count(`poundlock_http_refusals_total{refusal="${code}"}`),
    dropped: (reason) => count(`poundlock_http_connections_dropped_total{reason="${reason}"}`),
    streams: (delta) => {
      open += delta
    },
    text: () => render(counters, open, gateway),
  }
}

const help: readonly (readonly [name: string, type: string, text: string])[] = [
  ['poundlock_http_requests_total', 'counter', 'Answered requests'],
  ['poundlock_http_refusals_total', 'counter', 'Refusals sent, by name'],
  ['poundlock_http_connections_dropped_total', 'counter', 'Connections closed before an answer'],
]

function render(counters: ReadonlyMap<string, number>, streams: number, gateway: GatewayApi): string {
  const lines = help.flatMap(([name, type, text]) => [
    `# HELP ${name} ${text}`,
    `# TYPE ${name} ${type}`,
    ...[...counters].filter(([key]) => key.startsWith(`${name}{`)).map(([key, value]) => `${key} ${value}`),
  ])
  return `${[...lines, ...gauges(streams, gateway)].join('\n')}\n`
}

function gauges(streams: number, gateway: GatewayApi): string[] {
  const cosigned = gateway.journal.cosigned()
  const values: [string, string, number][] = [
    ['poundlock_event_streams', 'Open event streams', streams],
    ['poundlock_journal_entries', 'Leaves of the journal', gateway.journal.size()],
    [
      'poundlock_journal_cosigned_entries',
      'Leaves under the newest cosigned checkpoint',
      cosigned?.size ?? 0,
    ],
  ]
  const health = gateway
    .health()
    .components.map(
      ({ component, ok }) => `poundlock_component_ok{component="${label(component)}"} ${ok ? 1 : 0}`,
    )
  return [
    ...values.flatMap(([name, text, value]) => [
      `# HELP ${name} ${text}`,
      `# TYPE ${name} gauge`,
      `${name} ${value}`,
    ]),
    '# HELP poundlock_component_ok Whether a component works',
    '# TYPE poundlock_component_ok gauge',
    ...health,
  ]
}

const label = (text: string): string => text.replace(/[^\w .:/-]/g, '_')
